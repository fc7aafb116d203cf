// Who may import whom, by path. The table of rooms is docs/architecture.md's; `npm run lint` fails where code and table part.

/**
 * Room → the rooms it may import, by their doors. A room is a folder of src/lib; it may always import itself.
 * `app` may import everything and nothing may import it, but the routes.
 */
const ROOMS = {
	base: [],
	model: ['base'],
	formats: ['base'],
	crypto: ['base'],
	link: ['base', 'model'],
	device: ['base', 'model', 'crypto', 'link'],
	telemetry: ['base', 'model', 'crypto'],
	console: ['base', 'formats', 'link'],
	flash: ['base', 'model', 'formats', 'link'],
	provision: ['base', 'model', 'formats', 'link', 'device'],
	ota: ['base', 'model', 'formats', 'crypto', 'device'],
	automation: ['base', 'model', 'device', 'telemetry'],
	lab: ['base', 'model', 'formats', 'link', 'device'],
	vault: ['base', 'model', 'crypto'],
	ui: ['base']
};

/** Libraries that have one home each, because they are heavy or have effects. */
const HOMES = [
	{ library: 'esptool-js', home: '^(src/lib/flash/|bench/)' },
	{ library: 'chart\\.js', home: '^(src/lib/ui/|bench/pages/)' },
	{ library: 'mqtt', home: '^(src/lib/link/mqtt/|scripts/|bench/|tests/)' },
	{ library: 'idb', home: '^(src/lib/(telemetry|vault|device)/|bench/)' }
];

const TESTS = '\\.test\\.ts$';

/** A room's views may also use ui/: that is what view/ is for. */
const VIEW = '^src/lib/[^/]+/view/';

const direction = Object.entries(ROOMS).map(([room, may]) => ({
	name: `room-${room}`,
	comment: `${room}/ may import ${may.length ? may.join(', ') : 'nothing of ours'} (docs/architecture.md)`,
	severity: 'error',
	from: { path: `^src/lib/${room}/`, pathNot: [TESTS, VIEW] },
	to: { path: '^src/', pathNot: `^src/lib/(${[room, ...may].join('|')})/` }
}));

const views = Object.entries(ROOMS).map(([room, may]) => ({
	name: `view-${room}`,
	comment: `${room}/view/ may import what ${room}/ may, and ui/`,
	severity: 'error',
	from: { path: `^src/lib/${room}/view/`, pathNot: TESTS },
	to: { path: '^src/', pathNot: `^src/lib/(${[room, 'ui', ...may].join('|')})/` }
}));

const homes = HOMES.map(({ library, home }) => ({
	name: `home-of-${library.replace('\\', '')}`,
	comment: `Only ${home} may import ${library}, so that it stays out of the first route.`,
	severity: 'error',
	from: { path: '^(src|scripts|bench)/', pathNot: [home, TESTS] },
	to: { path: `(^|/)node_modules/${library}/` }
}));

module.exports = {
	forbidden: [
		{
			name: 'no-cycles',
			comment: 'Two files that need each other are one idea: join them, or name what they share.',
			severity: 'error',
			from: {},
			to: { circular: true }
		},
		{
			name: 'doors-only',
			comment: 'Enter a room by its index.ts, or by view/index.ts for components.',
			severity: 'error',
			from: { path: '^src/lib/([^/]+)/', pathNot: TESTS },
			to: { path: '^src/lib/[^/]+/.+', pathNot: ['^src/lib/$1/', '^src/lib/[^/]+/(view/)?index\\.ts$'] }
		},
		{
			name: 'routes-by-doors',
			comment:
				'Routes and tools are outside every room: they too come by the doors. app/ is what routes are made of.',
			severity: 'error',
			from: { path: '^(src/(routes/|service-worker|hooks)|scripts/|bench/)', pathNot: TESTS },
			to: { path: '^src/lib/[^/]+/.+', pathNot: ['^src/lib/app/', '^src/lib/[^/]+/(view/)?index\\.ts$'] }
		},
		{
			name: 'door-without-svelte',
			comment: 'index.ts is safe in a worker: nothing behind it may be a component or need runes.',
			severity: 'error',
			from: { path: '^src/lib/[^/]+/index\\.ts$', pathNot: '^src/lib/(ui|app)/' },
			to: { reachable: true, path: '(\\.svelte$|\\.svelte\\.ts$|node_modules/svelte/)' }
		},
		{
			name: 'workers-without-svelte',
			comment: 'A worker that drags Svelte along pays for it at every start.',
			severity: 'error',
			from: { path: '\\.worker\\.ts$' },
			to: { reachable: true, path: '(\\.svelte$|\\.svelte\\.ts$|node_modules/svelte/)' }
		},
		{
			name: 'views-not-from-services',
			comment: 'Services know nothing of their components; app/ and routes bring them together.',
			severity: 'error',
			from: { path: '^src/lib/', pathNot: [VIEW, '^src/lib/app/', TESTS] },
			to: { path: '^src/lib/[^/]+/view/' }
		},
		{
			name: 'no-orphans',
			comment: 'A file that nobody imports and that imports nobody is dead, or its use was forgotten.',
			severity: 'error',
			from: {
				orphan: true,
				path: '^src/lib/',
				pathNot: [TESTS, '\\.d\\.ts$', '\\.worker\\.ts$', '/(view/)?index\\.ts$']
			},
			to: {}
		},
		{
			name: 'not-to-tests',
			comment: 'What ships does not lean on what checks it.',
			severity: 'error',
			from: { path: '^(src|scripts)/', pathNot: TESTS },
			to: { path: `(${TESTS}|^tests/)` }
		},
		{
			name: 'not-to-dev-dependencies',
			comment: 'The page is made of dependencies; what only tools need stays in devDependencies.',
			severity: 'error',
			from: { path: '^src/lib/', pathNot: TESTS },
			to: {
				dependencyTypes: ['npm-dev'],
				pathNot: 'node_modules/(svelte|@sveltejs/kit|workbox-core|@noble/hashes)/'
			}
		},
		{
			name: 'resolvable',
			comment: 'An import that leads nowhere.',
			severity: 'error',
			from: {},
			to: { couldNotResolve: true, pathNot: '^(\\$app/|\\$env/|\\$service-worker|virtual:|\\./\\$types)' }
		},
		...direction,
		...views,
		...homes
	],
	options: {
		doNotFollow: { path: 'node_modules' },
		exclude: { path: '(\\.svelte-kit/|^build/)' },
		// tsconfig.json inherits its paths from .svelte-kit/, which the resolver takes to be relative to here.
		tsConfig: { fileName: '.dependency-cruiser.tsconfig.json' },
		tsPreCompilationDeps: true,
		enhancedResolveOptions: {
			exportsFields: ['exports'],
			conditionNames: ['svelte', 'browser', 'import', 'types', 'default'],
			extensions: ['.ts', '.mjs', '.js', '.svelte', '.svelte.ts', '.d.ts']
		}
	}
};
