import { conventionOf } from '$lib/model';
import type { IconName } from '$lib/ui';
import type { DeviceFace } from './device-face';

export interface DeviceKind {
	readonly word: string;
	readonly icon: IconName;
}

/** What sort of thing a device of another convention is, by its topics and what it measures; undefined for our own, which says so itself. */
export function kindOf({ id, values }: Pick<DeviceFace, 'id' | 'values'>): DeviceKind | undefined {
	switch (conventionOf(id)) {
		case undefined:
			return undefined;
		case 'ecowatt':
			return { word: 'Inverter', icon: 'inverter' };
		case 'ecowatt-system':
			return { word: 'Server', icon: 'server' };
		case 'sensor':
			if ('window_position' in values) return { word: 'Window', icon: 'window' };
			if ('sound_level' in values) return { word: 'Sound sensor', icon: 'sound' };
			return { word: 'Sensor', icon: 'thermometer' };
	}
}
