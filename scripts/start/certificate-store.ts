import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isPrivate, type Addresses } from './addresses';
import { makeAuthority, makeServerCertificate, type KeyAndCertificate } from './certificate';

export interface Certificates {
	readonly server: KeyAndCertificate;
	/** The authority's certificate, PEM: what a phone must be told to trust. */
	readonly authority: string;
	readonly folder: string;
	/** True the first time: every phone that trusted an earlier one must trust this one anew. */
	readonly newAuthority: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const RENEW_BEFORE_MS = 30 * DAY_MS;

/** Where what belongs to this user and no project is kept (XDG Base Directory Specification). */
export function userDataFolder(environment: NodeJS.ProcessEnv = process.env): string {
	const data = environment.XDG_DATA_HOME;
	return join(data !== undefined && data !== '' ? data : join(homedir(), '.local', 'share'), 'fieldbench');
}

/**
 * The certificates of this machine: those of last time where they still fit, else new ones. The authority outlives changes of
 * address, so that a phone is asked to trust it once.
 */
export async function certificatesFor(
	addresses: Addresses,
	folder: string,
	nowMs: number
): Promise<Certificates> {
	await mkdir(folder, { recursive: true, mode: 0o700 });
	// One address that the authority may not vouch for would spoil the certificate for all.
	const hosts = [...addresses.names, '127.0.0.1', '::1', ...addresses.lan.filter(isPrivate)];
	const own = addresses.names.filter((name) => name !== 'localhost' && !name.endsWith('.local'));

	const kept = await read(folder, 'authority');
	const keptFits = kept !== undefined && lasts(kept, nowMs) && (await vouchesFor(folder, own));
	const authority = keptFits ? kept : await makeAuthority(own[0] ?? 'this computer', own, nowMs);
	if (!keptFits) {
		await write(folder, 'authority', authority);
		await writeFile(join(folder, 'authority.json'), JSON.stringify({ names: own }));
	}

	const last = keptFits ? await read(folder, 'server') : undefined;
	const server =
		last && lasts(last, nowMs) && hosts.every((host) => covers(last, host))
			? last
			: await makeServerCertificate(authority, hosts, nowMs);
	if (server !== last) await write(folder, 'server', server);
	return { server, authority: authority.cert, folder, newAuthority: !keptFits };
}

/** Whether the kept authority's constraints let it vouch for these names. */
async function vouchesFor(folder: string, names: readonly string[]): Promise<boolean> {
	const known: unknown = JSON.parse(
		await readFile(join(folder, 'authority.json'), 'utf8').catch(() => 'null')
	);
	const list: unknown =
		known !== null && typeof known === 'object' && 'names' in known ? known.names : undefined;
	return Array.isArray(list) && names.every((name) => list.includes(name));
}

function lasts({ cert }: KeyAndCertificate, nowMs: number): boolean {
	const { validFrom, validTo } = new X509Certificate(cert);
	return Date.parse(validFrom) <= nowMs && nowMs + RENEW_BEFORE_MS < Date.parse(validTo);
}

function covers({ cert }: KeyAndCertificate, host: string): boolean {
	const certificate = new X509Certificate(cert);
	return certificate.checkHost(host) !== undefined || certificate.checkIP(host) !== undefined;
}

async function read(folder: string, name: string): Promise<KeyAndCertificate | undefined> {
	try {
		const [key, cert] = await Promise.all(
			['key', 'crt'].map((ending) => readFile(join(folder, `${name}.${ending}`), 'utf8'))
		);
		return key !== undefined && cert !== undefined ? { key, cert } : undefined;
	} catch {
		return undefined; // the first time, or removed by hand: made anew
	}
}

/** The key first, whole and readable by its owner alone. */
async function write(folder: string, name: string, { key, cert }: KeyAndCertificate): Promise<void> {
	for (const [ending, text] of [
		['key', key],
		['crt', cert]
	] as const) {
		const file = join(folder, `${name}.${ending}`);
		await writeFile(`${file}.part`, text, { mode: ending === 'key' ? 0o600 : 0o644 });
		await rename(`${file}.part`, file);
	}
}
