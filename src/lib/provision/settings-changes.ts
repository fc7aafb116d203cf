import { concatBytes, sameBytes, utf8 } from '$lib/base';
import type { NvsEntry } from '$lib/formats';
import { NAMESPACE } from './board-records';

/** What becomes of a setting: a record of the firmware, or another program's key. */
export interface SettingChange {
	readonly namespace: string;
	/** A record in two slots is one setting. */
	readonly key: string;
	readonly change: 'new' | 'changed' | 'removed';
}

export interface SettingsChanges {
	readonly changes: readonly SettingChange[];
	/** Settings that stay as they are. */
	readonly kept: number;
}

/** What a board's settings become. Total. */
export function settingsChanges(base: readonly NvsEntry[], entries: readonly NvsEntry[]): SettingsChanges {
	const [before, after] = [settingsIn(base), settingsIn(entries)];
	const names = [...new Set([...before.keys(), ...after.keys()])];
	const changes = names.flatMap((name): SettingChange[] => {
		const [was, is] = [before.get(name), after.get(name)];
		const [namespace = '', key = ''] = name.split('\0');
		if (!is) return [{ namespace, key, change: 'removed' }];
		if (!was) return [{ namespace, key, change: 'new' }];
		return sameBytes(was, is) ? [] : [{ namespace, key, change: 'changed' }];
	});
	return { changes, kept: [...after.keys()].filter((name) => before.has(name)).length - changedIn(changes) };
}

const changedIn = (changes: readonly SettingChange[]): number =>
	changes.filter(({ change }) => change === 'changed').length;

/** Values by setting, two slots as one. */
function settingsIn(entries: readonly NvsEntry[]): ReadonlyMap<string, Uint8Array> {
	const found = new Map<string, Uint8Array>();
	for (const entry of entries) {
		const key = entry.namespace === NAMESPACE ? entry.key.replace(/\.[01]$/u, '') : entry.key;
		const name = `${entry.namespace}\0${key}`;
		const value = entry.type === 'blob' ? entry.value : utf8(String(entry.value));
		found.set(name, concatBytes([found.get(name) ?? new Uint8Array(), utf8(entry.type), value]));
	}
	return found;
}
