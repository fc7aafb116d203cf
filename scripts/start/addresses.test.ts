import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { boardHosts } from './addresses';

const at = (address: string, internal = false): NetworkInterfaceInfo[] => [
	{ address, netmask: '255.255.255.0', family: 'IPv4', mac: '00:00:00:00:00:00', internal, cidr: null }
];

describe('boardHosts', () => {
	const machine = {
		lo: at('127.0.0.1', true),
		wlan0: at('192.168.1.20'),
		eth0: at('10.0.0.4'),
		docker0: at('172.17.0.1'),
		usb0: at('169.254.3.4')
	};

	it('names the real interfaces, and neither loopback nor a container’s bridge', () => {
		expect(boardHosts(undefined, machine)).toEqual(['10.0.0.4', '192.168.1.20']);
	});

	it('names what there is where nothing is real', () => {
		expect(boardHosts('0.0.0.0', { lo: machine.lo, docker0: machine.docker0 })).toEqual(['172.17.0.1']);
	});

	it('names only the address that is listened on', () => {
		expect(boardHosts('192.168.1.20', machine)).toEqual(['192.168.1.20']);
		expect(boardHosts('127.0.0.1', machine)).toEqual([]);
	});
});
