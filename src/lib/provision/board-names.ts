import type { Improv } from './improv';
import type { BoardNames, NameProblem } from './setup-state';
import { stopAtLine } from './setup-stop';

/** @param own a board with our Device API is named with its broker, so only its host name is asked for */
export async function namesOf(improv: Improv, own: boolean, signal: AbortSignal): Promise<BoardNames> {
	const device = own ? undefined : await improv.deviceName(signal);
	const host = await improv.hostname(signal);
	for (const asked of [device, host]) if (asked && !asked.ok) stopAtLine(asked.error);
	return {
		...(device?.ok ? { device: device.value } : {}),
		...(host.ok ? { host: host.value } : {})
	};
}

/**
 * Sets what is wanted otherwise; the device's name first, since it may change the other.
 * @returns what the board is called now, and what it did not take
 */
export async function giveNames(
	improv: Improv,
	before: BoardNames,
	wanted: BoardNames,
	signal: AbortSignal
): Promise<{ names: BoardNames; problem?: NameProblem }> {
	let names = before;
	for (const which of ['device', 'host'] as const) {
		const name = wanted[which];
		if (name === undefined || before[which] === undefined || name === before[which]) continue;
		const set = await (which === 'device' ? improv.deviceName(signal, name) : improv.hostname(signal, name));
		if (!set.ok) {
			stopAtLine(set.error);
			const why =
				set.error.kind === 'bad-hostname' || set.error.kind === 'too-long' ? set.error.kind : 'refused';
			return { names, problem: { kind: 'name', which, why } };
		}
		names = { ...names, [which]: set.value };
	}
	return { names };
}
