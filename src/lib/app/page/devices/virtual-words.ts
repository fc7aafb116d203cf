import type { PartId, PresetId, VirtualWorld, WishProblem } from '$lib/lab';
import { formatNumber } from '$lib/ui';
import { metricInfo } from '$lib/model';

/** `name`: what devices made so are called, where nobody says otherwise. */
export const PRESET_WORDS = {
	climate: { label: 'Climate sensor', says: 'A BME280 and a lamp in an empty room.', name: 'Climate' },
	inverter: {
		label: 'Solar inverter',
		says: 'A roof in the south in June, and its sun, told in batches each 14 s.',
		name: 'Inverter'
	},
	room: { label: 'Room with people', says: 'Up to 12 people, a DHT22, a lamp, two relays.', name: 'Room' },
	everything: { label: 'Everything', says: 'All that fits one device.', name: 'Bench' }
} satisfies Record<PresetId, { label: string; says: string; name: string }>;

export const PART_WORDS = {
	climate: {
		label: 'Plain climate',
		says: 'Temperature, humidity and air pressure by a formula, without a sensor: it knows no people.'
	},
	bme280: { label: 'BME280 on I²C', says: 'Temperature, humidity and air pressure of the room, finely.' },
	dht22: { label: 'DHT22 on one wire', says: 'Temperature and humidity of the room, in steps of 0.1.' },
	sun: {
		label: 'Pyranometer at an analogue input',
		says: 'The sun on the roof, in watts a square metre.'
	},
	inverter: {
		label: 'Solar inverter on Modbus',
		says: 'Voltage, current, power, frequency, energy and its heat sink; its power follows the sun.'
	},
	led: { label: 'Lamp', says: 'Measures nothing: to switch, dim and fade.' },
	relay: { label: 'Two relays', says: 'Measure nothing: to switch.' },
	rules: {
		label: 'Rules',
		says: 'Act on what is measured, without this page. They are written in its settings.'
	},
	model: {
		label: 'Small neural network',
		says: 'Computes new values from those measured. Its weights are given in its settings.'
	},
	flow: {
		label: 'Data logger',
		says: 'Sends what is measured in compressed batches, 7 readings at a time, instead of each at once.'
	}
} satisfies Record<PartId, { label: string; says: string }>;

export interface WorldFieldWords {
	readonly label: string;
	/** The value, with its unit. */
	readonly reading: (value: number) => string;
}

const degrees = (value: number) => `${formatNumber(value)} °C`;

export const WORLD_WORDS = {
	latitude: { label: 'Latitude', reading: latitudeWords },
	day_of_year: {
		label: 'Season',
		reading: (day) => (day === 0 ? 'the calendar’s' : `always ${dayWords(day)}`)
	},
	cloudiness: { label: 'Clouds', reading: (part) => `${Math.round(part * 100)} % of the sky` },
	base_c: { label: 'Room', reading: (value) => `${degrees(value)} on average` },
	swing_c: { label: 'Day and night', reading: (value) => `${degrees(value)} either way` },
	people: { label: 'People in the room', reading: (most) => (most === 0 ? 'none' : `up to ${most}`) },
	noise: {
		label: 'Sensors’ errors',
		reading: (times) => (times === 0 ? 'none' : `${times.toFixed(1)} × a good one’s`)
	}
} satisfies Record<keyof VirtualWorld, WorldFieldWords>;

/** What it will be like there. */
export function worldWords(world: VirtualWorld): string {
	const { latitude, day_of_year: day, base_c: base, swing_c: swing, people, noise } = world;
	const season = day === 0 ? 'in the season of the calendar' : `always as on ${dayWords(day)}`;
	const swings = swing === 0 ? 'day and night' : `with ${degrees(swing)} either way over a clear day`;
	const guests =
		people === 0
			? 'nobody comes in'
			: people === 1
				? 'one person works in it'
				: `up to ${people} people work in it`;
	const errors =
		noise === 0
			? 'Sensors make no errors.'
			: noise === 1
				? 'Sensors err as good ones do.'
				: `Sensors err ${noise.toFixed(1)} times as much as good ones.`;
	return `${latitudeWords(latitude)}, ${season}, under ${skyWords(world.cloudiness)}. The room is at ${degrees(base)}, ${swings}; ${guests}. ${errors}`;
}

export function wishProblemWords(problem: WishProblem): string {
	switch (problem.kind) {
		case 'no-name':
			return 'Give it a name to tell it from others.';
		case 'name-too-long':
			return `This is longer than a device can hold: ${problem.mostBytes} letters, fewer with accents. Shorten it.`;
		case 'no-parts':
			return 'A device without parts has nothing to measure or to switch. Pick one or more.';
		case 'same-metric': {
			const [first, second] = problem.parts;
			return `${PART_WORDS[first].label} and ${PART_WORDS[second].label} both measure ${metricInfo(problem.metric).label.toLowerCase()}, and their values would be mixed. Leave one of them out.`;
		}
		case 'bad-count':
			return `A whole number from 1 to ${problem.most}.`;
		case 'no-room':
			return problem.room === 0
				? 'This browser runs as many as it can. Remove one first.'
				: `There is room for ${problem.room} more in this browser. Make fewer, or remove some first.`;
	}
}

/** What becomes of the name. */
export function namesWords(names: readonly string[]): string {
	const [first = '', second] = names;
	if (second === undefined) return `It will be called “${first}”.`;
	const last = names.at(-1) ?? '';
	return names.length === 2
		? `They will be called “${first}” and “${last}”.`
		: `They will be called “${first}”, “${second}” … “${last}”. Each has its own weather.`;
}

function latitudeWords(latitude: number): string {
	if (latitude === 0) return 'On the equator';
	return `${Math.abs(latitude)}° ${latitude > 0 ? 'north' : 'south'}`;
}

/** @param day 1 … 366, of a year that is none in particular */
function dayWords(day: number): string {
	const date = new Date(Date.UTC(2023, 0, day));
	return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' }).format(date);
}

function skyWords(covered: number): string {
	if (covered <= 0.1) return 'a clear sky';
	if (covered <= 0.35) return 'few clouds';
	if (covered <= 0.65) return 'a sky half covered';
	return covered < 0.95 ? 'many clouds' : 'a closed sky';
}
