import { expect, it } from 'vitest';
import { boardPage } from './board-page';

const reachOf = (url: string) => {
	const page = boardPage([url]);
	return page.kind === 'page' ? page.reach : page.kind;
};

it('takes the first address that a board names, and none where it names none', () => {
	expect(boardPage(['http://10.1.2.3:8080/setup', 'http://x.org'])).toEqual({
		kind: 'page',
		url: 'http://10.1.2.3:8080/setup',
		host: '10.1.2.3:8080',
		reach: 'local'
	});
	for (const none of [[], [''], [' ']]) expect(boardPage(none)).toEqual({ kind: 'none' });
});

it('knows what only the board’s network reaches', () => {
	for (const host of [
		'10.0.0.1',
		'172.16.0.1',
		'172.31.9.9',
		'192.168.4.1',
		'169.254.1.1',
		'node',
		'node.local'
	])
		expect(reachOf(`http://${host}/`), host).toBe('local');
	for (const host of ['[fd00::1]', '[fe80::1]', 'a.lan', 'a.home.arpa'])
		expect(reachOf(`http://${host}`)).toBe('local');
	for (const host of ['172.32.0.1', '11.0.0.1', '10.example.org', 'my.home-assistant.io', '[2001:db8::1]'])
		expect(reachOf(`https://${host}/`), host).toBe('internet');
});

it('offers nothing that is no web page, or that is not the board', () => {
	for (const text of [
		'javascript:alert(1)',
		'data:text/html,x',
		'ftp://10.0.0.1/',
		'/setup',
		'http://',
		'http://bank.example@10.0.0.1/',
		'http://127.0.0.1:8080/',
		'http://localhost/'
	])
		expect(boardPage([text]), text).toEqual({ kind: 'refused', text });
});
