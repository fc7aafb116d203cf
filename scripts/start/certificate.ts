import 'reflect-metadata'; // what @peculiar/x509 is built on asks its user for it, before itself
import {
	AuthorityKeyIdentifierExtension,
	BasicConstraintsExtension,
	ExtendedKeyUsage,
	ExtendedKeyUsageExtension,
	Extension,
	KeyUsageFlags,
	KeyUsagesExtension,
	PemConverter,
	SubjectAlternativeNameExtension,
	SubjectKeyIdentifierExtension,
	X509Certificate,
	X509CertificateGenerator
} from '@peculiar/x509';
import { isIP } from 'node:net';
import { NAME_CONSTRAINTS_OID, permitOnly } from './name-constraints';

/** PEM, as node:tls takes them. `cert` may be a chain. */
export interface KeyAndCertificate {
	readonly key: string;
	readonly cert: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 60 * 60 * 1000;
/** Clocks of boards and phones are late and early: valid from a day ago. */
const SKEW_MS = DAY_MS;
const AUTHORITY_DAYS = 3650;
/** iOS and macOS refuse server certificates that live longer (support.apple.com/HT211025, HT210176). */
const SERVER_DAYS = 397;

/**
 * A certificate authority of this machine's own, which may only vouch for private addresses, `.local`, and `names`.
 * @param label tells it from another machine's in a phone's settings
 */
export async function makeAuthority(
	label: string,
	names: readonly string[],
	nowMs: number
): Promise<KeyAndCertificate> {
	const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
	const certificate = await X509CertificateGenerator.createSelfSigned({
		name: [{ CN: [`Fieldbench on ${label}`] }],
		notBefore: new Date(nowMs - SKEW_MS),
		notAfter: new Date(nowMs + AUTHORITY_DAYS * DAY_MS),
		keys,
		signingAlgorithm: ALGORITHM,
		extensions: [
			new BasicConstraintsExtension(true, 0, true),
			new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
			new Extension(NAME_CONSTRAINTS_OID, true, permitOnly(['localhost', 'local', ...names])),
			await SubjectKeyIdentifierExtension.create(keys.publicKey)
		]
	});
	return { key: await keyPem(keys.privateKey), cert: certificate.toString('pem') };
}

/** A server certificate for `hosts` (names and IP addresses), signed by `authority`; `cert` holds the chain. */
export async function makeServerCertificate(
	authority: KeyAndCertificate,
	hosts: readonly string[],
	nowMs: number
): Promise<KeyAndCertificate> {
	const issuer = new X509Certificate(authority.cert);
	const signingKey = await crypto.subtle.importKey(
		'pkcs8',
		PemConverter.decodeFirst(authority.key),
		ALGORITHM,
		false,
		['sign']
	);
	const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
	const certificate = await X509CertificateGenerator.create({
		subject: [{ O: ['Fieldbench'] }],
		issuer: issuer.subjectName,
		notBefore: new Date(nowMs - SKEW_MS),
		notAfter: new Date(nowMs + (SERVER_DAYS - 1) * DAY_MS - SKEW_MS),
		publicKey: keys.publicKey,
		signingKey,
		signingAlgorithm: ALGORITHM,
		extensions: [
			new BasicConstraintsExtension(false, undefined, true),
			new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
			new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
			new SubjectAlternativeNameExtension(
				hosts.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }))
			),
			await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
			await SubjectKeyIdentifierExtension.create(keys.publicKey)
		]
	});
	return { key: await keyPem(keys.privateKey), cert: `${certificate.toString('pem')}\n${authority.cert}\n` };
}

async function keyPem(key: CryptoKey): Promise<string> {
	return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
