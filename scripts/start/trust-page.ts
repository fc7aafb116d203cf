import { createServer, type Server } from 'node:http';

/** Where both servers hand out the authority's certificate. */
export const CERTIFICATE_PATH = '/fieldbench-ca.crt';
/** What makes Android, iOS and desktop systems offer to install it (RFC 8555 names no type; this is what they all know). */
export const CERTIFICATE_TYPE = 'application/x-x509-ca-cert';

/**
 * A phone cannot fetch the certificate it needs for https over https: this plain server gives it that, and nothing else.
 * @param pageUrl where to go afterwards, for the hostname the phone used
 */
export function trustServer(certificate: Uint8Array, pageUrl: (hostname: string) => string): Server {
	return createServer((request, response) => {
		response.setHeader('X-Content-Type-Options', 'nosniff');
		if (request.url === CERTIFICATE_PATH) {
			response.writeHead(200, { 'Content-Type': CERTIFICATE_TYPE }).end(certificate);
			return;
		}
		const host = `http://${request.headers.host ?? ''}`;
		const url = pageUrl(URL.canParse(host) ? new URL(host).hostname : 'localhost');
		response.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
		response.writeHead(200, { 'Content-Type': 'text/html;charset=utf-8' }).end(page(url));
	});
}

/** @param url made of our own words and a parsed hostname, which holds no markup */
const page = (url: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Trust this Fieldbench</title>
<style>body { font: 1.1rem/1.5 system-ui; max-width: 36rem; margin: 2rem auto; padding: 0 1rem }</style>
<h1>Trust this Fieldbench</h1>
<p>A phone installs an app only from a site it trusts. This certificate can vouch for private addresses and
<code>.local</code> names, and for nothing on the internet.</p>
<ol>
<li><a href="${CERTIFICATE_PATH}">Download the certificate</a>
<li>Android: Settings → Security → More → Install a certificate → CA certificate.<br>
iPhone, iPad: install the profile in Settings, then switch it on in General → About → Certificate Trust Settings.
<li><a href="${url}">Open Fieldbench</a>
</ol>
</html>
`;
