/** Outlines on a grid of 24, drawn with a round pen; one path each, so that no markup is ever made from text. */
export const ICONS = {
	devices:
		'M7 7h10v10H7zM10 10h4v4h-4zM9 3v4M12 3v4M15 3v4M9 17v4M12 17v4M15 17v4M3 9h4M3 12h4M3 15h4M17 9h4M17 12h4M17 15h4',
	overview: 'M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z',
	flash: 'M13 3 5 13.5h6L10 21l9-11.5h-6.5z',
	broker:
		'M12 12.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM12 12.5V21M8.5 14.5a5 5 0 0 1 0-7M15.5 14.5a5 5 0 0 0 0-7M5.7 17.3a9 9 0 0 1 0-12.6M18.3 17.3a9 9 0 0 0 0-12.6',
	settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4',
	search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.5 15.5 20 20',
	plus: 'M12 5v14M5 12h14',
	minus: 'M5 12h14',
	check: 'm5 12.5 4.5 4.5L19 7',
	close: 'm6 6 12 12M18 6 6 18',
	info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5.5M12 7.5v.2',
	alert: 'M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.2',
	copy: 'M9 9h10v11H9zM5 15V4h10',
	back: 'M19 12H5M11 6l-6 6 6 6',
	forward: 'M5 12h14M13 6l6 6-6 6',
	up: 'm6 14.5 6-6 6 6',
	down: 'm6 9.5 6 6 6-6',
	edit: 'M4 20l1-4.5L16.5 4 20 7.5 8.5 19z',
	trash: 'M5 7h14M9.5 7V4h5v3M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5',
	table: 'M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14',
	chart: 'M4 4v16h16M7.5 15l3.5-5 3 3 4.5-6.5',
	layers: 'm12 4 8.5 4.5L12 13 3.5 8.5zM3.5 12.5 12 17l8.5-4.5M3.5 16.5 12 21l8.5-4.5',
	note: 'M4 5h16v11h-8l-4.5 4v-4H4zM8 9h8M8 12.5h5',
	bookmark: 'M6.5 4h11v16.5L12 16.5l-5.5 4z',
	picture: 'M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17M15.5 9.6a.6.6 0 1 0 0-1.2.6.6 0 0 0 0 1.2Z',
	bulb: 'M9.5 17.5h5M10 20.5h4M12 3.5a6 6 0 0 0-3.6 10.8c.7.6 1.1 1.3 1.1 2.2v1h5v-1c0-.9.4-1.6 1.1-2.2A6 6 0 0 0 12 3.5Z',
	pause: 'M8.5 5.5v13M15.5 5.5v13',
	play: 'M8 5v14l11-7z',
	filter: 'M4 5.5h16l-6.2 7.5v6l-3.6-2v-4z',
	restart: 'M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 3.5v4.2h-4.2',
	wide: 'M14 4h6v6M10 20H4v-6M20 4l-7 7M4 20l7-7',
	install: 'M12 4v10M8 10.5l4 4 4-4M5 19.5h14',
	/* Kinds of devices */
	inverter: 'M4 4h16v16H4zM7 12c1.7-4.4 3.3-4.4 5 0s3.3 4.4 5 0',
	window: 'M5 3.5h14V20H5zM12 3.5V20M5 11.5h14M3.5 20h17',
	sound: 'M12 14.5a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3ZM6 11.5a6 6 0 0 0 12 0M12 17.5V21M9 21h6',
	thermometer: 'M10 13.8V5.5a2 2 0 1 1 4 0v8.3a4 4 0 1 1-4 0ZM12 9v8.5',
	server: 'M4 4.5h16v6.5H4zM4 13h16v6.5H4zM7.5 7.7v.2M7.5 16.2v.2',
	/* States */
	live: 'M3 12h4l2.5-7 5 14 2.5-7h4',
	late: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5.2l3.5 2',
	offline: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM5.7 5.7l12.6 12.6',
	sleeping: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z',
	failing: 'M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.2',
	simulated: 'M10 3.5v6L4.8 18a1.7 1.7 0 0 0 1.5 2.5h11.4a1.7 1.7 0 0 0 1.5-2.5L14 9.5v-6M8.5 3.5h7M7.5 15h9',
	/* Links */
	mqtt: 'M4 19a1 1 0 1 0 0-.1M4 12a7 7 0 0 1 7.5 7M4 5a14 14 0 0 1 15 14',
	loopback: 'M4 12a7 7 0 0 1 12-4.9L19 10M19 5v5h-5M20 12a7 7 0 0 1-12 4.9L5 14M5 19v-5h5',
	serial: 'M12 21V5M9.5 7.5 12 4.5l2.5 3M12 15.5l-4-2.5v-2.5M12 13l4-2V8.5',
	ble: 'm7 8 10 8-5 4V4l5 4L7 16',
	http: 'M4 6h16v5H4zM12 11v4M6 19h12M12 15v4'
} as const satisfies Record<string, string>;

export type IconName = keyof typeof ICONS;
