import { err, type Result } from '$lib/base';
import {
	parseLogPage,
	RPC_NOT_ALLOWED,
	type DeviceApi,
	type DeviceApiError,
	type Registry
} from '$lib/device';
import type { BackfillFault, BackfillPage, LogRange, SeriesKey } from '$lib/telemetry';

/** JSON-RPC's. */
const METHOD_NOT_FOUND = -32601;

/** One page of a device's log, by `telemetry.query` over whatever link is up. Rejects only with the signal's reason. */
export async function askLog(
	{ deviceApi, registry }: { readonly deviceApi: DeviceApi; readonly registry: Registry },
	{ device, provenance }: SeriesKey,
	range: LogRange,
	signal: AbortSignal
): Promise<Result<BackfillPage, BackfillFault>> {
	const answer = await deviceApi.call(device, 'telemetry.query', { ...range }, { signal });
	if (!answer.ok) return err(faultOf(answer.error));
	const page = parseLogPage(answer.value, { device, provenance, bootMs: registry.bootMs(device) });
	return page.ok ? page : err('unsupported');
}

function faultOf(error: DeviceApiError): BackfillFault {
	if (error.kind !== 'device') return 'waiting';
	switch (error.error.code) {
		case METHOD_NOT_FOUND:
			return 'unsupported';
		case RPC_NOT_ALLOWED:
			return 'refused';
		default:
			return 'waiting';
	}
}
