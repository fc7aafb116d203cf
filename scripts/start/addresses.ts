import { BlockList } from 'node:net';
import { hostname, networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

/** The names and addresses under which other machines may find this one. */
export interface Addresses {
	/** IPv4 addresses on its networks, loopback not among them. */
	readonly lan: readonly string[];
	/** localhost, the machine's name, and that name as multicast DNS spells it. */
	readonly names: readonly string[];
}

export function ownAddresses(): Addresses {
	const lan = Object.values(networkInterfaces())
		.flatMap((list) => list ?? [])
		.filter(isLan)
		.map(({ address }) => address);
	const name = hostname().toLowerCase();
	const names = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/u.test(name)
		? [name, ...(name.includes('.') ? [] : [`${name}.local`])]
		: [];
	return { lan: [...new Set(lan)].sort(), names: [...new Set(['localhost', ...names])] };
}

const isLan = ({ family, internal, address }: NetworkInterfaceInfo): boolean =>
	family === 'IPv4' && !internal && !address.startsWith('169.254.');

/** Bridges of containers and virtual machines, and tunnels: no board on a network is behind one. */
const VIRTUAL = /^(?:docker|br-|veth|virbr|vmnet|vboxnet|lxc|cni|flannel|tun|tap|utun|wg|zt|tailscale)/u;

/**
 * The addresses under which a board on the same network reaches what listens on `host`. Those of real interfaces; where there
 * is none, of any. Loopback is never among them.
 * @param host the address listened on; undefined is every one
 */
export function boardHosts(
	host: string | undefined,
	interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces()
): readonly string[] {
	const found = Object.entries(interfaces).flatMap(([name, list]) =>
		(list ?? []).filter(isLan).map(({ address }) => ({ name, address }))
	);
	const real = found.filter(({ name }) => !VIRTUAL.test(name));
	const all = (real.length > 0 ? real : found).map(({ address }) => address);
	const everywhere = host === undefined || host === '0.0.0.0' || host === '::';
	const unique = [...new Set(everywhere ? all : found.map(({ address }) => address))].sort();
	return everywhere ? unique : unique.filter((address) => address === host);
}

/** Whether a URL's hostname means this machine. */
export function isOwn(name: string, addresses: Addresses): boolean {
	return (
		name === '[::1]' ||
		name.startsWith('127.') ||
		addresses.names.includes(name.toLowerCase()) ||
		addresses.lan.includes(name)
	);
}

const privateNetworks = new BlockList();
privateNetworks.addSubnet('10.0.0.0', 8);
privateNetworks.addSubnet('172.16.0.0', 12);
privateNetworks.addSubnet('192.168.0.0', 16);
privateNetworks.addSubnet('100.64.0.0', 10);

/** Whether an IPv4 address is one that no site on the internet has (RFC 1918, RFC 6598). */
export function isPrivate(address: string): boolean {
	return privateNetworks.check(address);
}
