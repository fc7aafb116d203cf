/**
 * The X.509 NameConstraints extension (RFC 5280 §4.2.1.10) in DER. A phone that trusts our authority would otherwise
 * trust it for any site there is; with this, only for names and addresses that no public site can have.
 *
 *   NameConstraints  ::= SEQUENCE { permittedSubtrees [0] IMPLICIT SEQUENCE OF GeneralSubtree }
 *   GeneralSubtree   ::= SEQUENCE { base GeneralName }
 *   GeneralName      ::= dNSName [2] IA5String | iPAddress [7] OCTET STRING (address, then mask)
 */
export const NAME_CONSTRAINTS_OID = '2.5.29.30';

/** Networks that are never routed on the internet: RFC 1918, loopback, link-local, RFC 6598, and RFC 4193. */
const PRIVATE_NETWORKS = [
	[127, 0, 0, 0, 255, 0, 0, 0],
	[10, 0, 0, 0, 255, 0, 0, 0],
	[172, 16, 0, 0, 255, 240, 0, 0],
	[192, 168, 0, 0, 255, 255, 0, 0],
	[169, 254, 0, 0, 255, 255, 0, 0],
	[100, 64, 0, 0, 255, 192, 0, 0],
	[...ipv6([0xfc]), ...ipv6([0xfe])],
	[...ipv6([0xfe, 0x80]), ...ipv6([0xff, 0xc0])],
	[...Array<number>(15).fill(0), 1, ...Array<number>(16).fill(255)]
];

const SEQUENCE = 0x30;
const PERMITTED = 0xa0;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

/** @param dnsNames each also permits the names below it */
export function permitOnly(dnsNames: readonly string[]): Uint8Array<ArrayBuffer> {
	const names = dnsNames.map((name) => tlv(DNS_NAME, [...new TextEncoder().encode(name)]));
	const networks = PRIVATE_NETWORKS.map((network) => tlv(IP_ADDRESS, network));
	const subtrees = [...names, ...networks].map((base) => tlv(SEQUENCE, base));
	return Uint8Array.from(tlv(SEQUENCE, tlv(PERMITTED, subtrees.flat())));
}

/** Tag, length (X.690 §8.1.3), value. */
function tlv(tag: number, value: readonly number[]): number[] {
	if (value.length > 0xffff) throw new RangeError('longer than two bytes can say');
	const length =
		value.length < 0x80
			? [value.length]
			: value.length < 0x100
				? [0x81, value.length]
				: [0x82, value.length >> 8, value.length & 0xff];
	return [tag, ...length, ...value];
}

function ipv6(start: readonly number[]): number[] {
	return [...start, ...Array<number>(16 - start.length).fill(0)];
}
