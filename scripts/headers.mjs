// The HTTP headers Fieldbench wants from whatever host serves it: the one source for `npm start`, static/_headers, and the
// recipes in docs/hosting/. `node scripts/headers.mjs` writes those files; a test keeps them equal to this.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import svelteConfig from '../svelte.config.js';

/**
 * @typedef {{ path: string, headers: Readonly<Record<string, string>> }} HeaderRule `path` as in a Netlify or Cloudflare
 *   `_headers` file: `*` at the end stands for any rest. All rules that fit apply, a later one over an earlier.
 */

const page = svelteConfig.kit?.csp?.directives ?? {};

/**
 * A page's own policy is in its <meta> (it holds the digest of an inline script, which each build changes), but that does
 * not cover workers loaded from the network: each has the policy its script came with (w3c.github.io/webappsec-csp, §4.2.3
 * "Initialize a global object's CSP list"). So worker scripts carry this one.
 */
const WORKER_CSP = [
	"default-src 'none'",
	"script-src 'self' 'wasm-unsafe-eval'",
	// Firmware is fetched by the page itself, so that no worker needs to reach other hosts than brokers.
	`connect-src ${quoted((page['connect-src'] ?? []).filter((source) => !/^https?:$/u.test(source)))}`,
	"require-trusted-types-for 'script'",
	"trusted-types 'none'"
].join('; ');

/** What a <meta> policy cannot say: who may frame the page. */
const PAGE_CSP = "frame-ancestors 'none'";

/** @type {readonly HeaderRule[]} */
export const rules = [
	{
		path: '/*',
		headers: {
			'Cache-Control': 'no-cache',
			'Content-Security-Policy': PAGE_CSP,
			'Cross-Origin-Opener-Policy': 'same-origin',
			'Cross-Origin-Resource-Policy': 'same-origin',
			// Serial, Bluetooth and camera are for us alone by default; a name that a browser does not know is a warning there.
			'Permissions-Policy': 'geolocation=(), microphone=(), payment=(), usb=()',
			'Referrer-Policy': 'no-referrer',
			'X-Content-Type-Options': 'nosniff'
		}
	},
	// Named by their content: a change has another name.
	{ path: '/_app/immutable/*', headers: { 'Cache-Control': 'public, max-age=31536000, immutable' } },
	{ path: '/_app/immutable/workers/*', headers: { 'Content-Security-Policy': WORKER_CSP } },
	{ path: '/service-worker.js', headers: { 'Content-Security-Policy': WORKER_CSP } }
];

/**
 * The headers of one path.
 * @param {string} pathname begins with /
 * @returns {Record<string, string>}
 */
export function headersFor(pathname) {
	const fitting = rules.filter(({ path }) =>
		path.endsWith('*') ? pathname.startsWith(path.slice(0, -1)) : pathname === path
	);
	return Object.assign({}, ...fitting.map(({ headers }) => headers));
}

const NOTE = 'Made by `node scripts/headers.mjs` from the rules in it. Change those.';

/**
 * A `_headers` file. Both hosts join what several rules say of one header: harmless for policies, which are then all enforced;
 * so only `Cache-Control` must not be said twice, and their own default for it is the one we want.
 */
export function netlify() {
	const blocks = rules.map(({ path, headers }) => {
		const own = Object.entries(headers).filter(([name]) => path !== '/*' || name !== 'Cache-Control');
		return [path, ...own.map(([name, value]) => `  ${name}: ${value}`)].join('\n');
	});
	return `# ${NOTE}\n${blocks.join('\n\n')}\n`;
}

/** A server block for nginx. `add_header` in a location replaces all inherited ones, so each location has the whole list. */
export function nginx() {
	const locations = [...rules].reverse().map(({ path }) => {
		const isPrefix = path.endsWith('*');
		const place = isPrefix ? path.slice(0, -1) : `= ${path}`;
		const adds = Object.entries(headersFor(isPrefix ? path.slice(0, -1) : path)).map(
			([name, value]) => `\t\tadd_header ${name} "${value}" always;`
		);
		const files =
			path === '/*' ? '\t\ttry_files $uri $uri/index.html /404.html;' : '\t\ttry_files $uri =404;';
		return [`\tlocation ${place} {`, ...adds, files, '\t}'].join('\n');
	});
	return `# ${NOTE}
server {
	listen 443 ssl;
	http2 on;
	server_name fieldbench.example;
	ssl_certificate /etc/ssl/fieldbench.example/fullchain.pem;
	ssl_certificate_key /etc/ssl/fieldbench.example/privkey.pem;

	root /var/www/fieldbench;
	types_hash_max_size 4096;
	include mime.types;
	types { application/manifest+json webmanifest; application/wasm wasm; text/javascript js mjs; }
	gzip on;
	gzip_types text/css text/javascript application/json application/wasm application/manifest+json image/svg+xml;

${locations.join('\n\n')}
}
`;
}

/** A Caddyfile. Its header directives are applied from the least to the most specific path, a later one over an earlier. */
export function caddy() {
	const blocks = rules.map(({ path, headers }) =>
		[
			`\theader ${path} {`,
			...Object.entries(headers).map(([name, value]) => `\t\t${name} "${value}"`),
			'\t}'
		].join('\n')
	);
	return `# ${NOTE}
fieldbench.example {
	root * /var/www/fieldbench
	encode zstd gzip

	# In this order, whatever their paths: a later line wins.
	route {
${blocks.join('\n').replace(/^/gmu, '\t')}
		try_files {path} {path}/index.html /404.html
		file_server
	}
}
`;
}

/** Path from the root of the project → its text. */
export const files = {
	'static/_headers': netlify,
	'docs/hosting/nginx.conf': nginx,
	'docs/hosting/Caddyfile': caddy
};

/** @param {readonly string[]} sources CSP sources as svelte.config.js has them, keywords without quotes */
function quoted(sources) {
	return sources.map((s) => (/^(self|none)$/u.test(s) ? `'${s}'` : s)).join(' ');
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	for (const [path, text] of Object.entries(files)) {
		writeFileSync(new URL(`../${path}`, import.meta.url), text());
		console.log(path);
	}
