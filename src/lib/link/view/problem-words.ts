import type { SessionProblem } from '$lib/model';
import type { Words } from '$lib/ui';

type Refusal = Extract<SessionProblem, { kind: 'refused' }>['reason'];
type UrlFault = Extract<SessionProblem, { kind: 'bad-url' }>['reason'];

const URL_FAULTS = {
	unparsable: {
		what: 'This is not an address a browser can open',
		todo: 'Write it like wss://broker.example:8884/mqtt or ws://192.168.1.20:9001.'
	},
	scheme: {
		what: 'A browser reaches MQTT only over WebSocket',
		todo: 'Begin the address with wss:// or ws://. mqtt:// and port 1883 are for devices; the broker needs a WebSocket listener.'
	},
	'credentials-in-url': {
		what: 'The address holds a user name or a password',
		todo: 'Take them out of the address and put them in their own fields, where they are kept apart from what is shown and copied.'
	}
} as const satisfies Record<UrlFault, { what: string; todo: string }>;

const REFUSALS = {
	credentials: {
		what: 'The broker refused the user name or the password',
		means: 'It is there and speaks MQTT, but does not know these.',
		todo: 'Edit the profile and type them again. Trying again by itself would only lock the account, so this waits for you.'
	},
	'not-authorised': {
		what: 'The broker does not let this account in',
		means:
			'The user name or the password is wrong, or the broker’s rules forbid this account. Some brokers, mosquitto among them, do not say which.',
		todo: 'Edit the profile and type both again. If they are right, ask whoever runs the broker to allow WebSocket clients and the topics iot/node/# for this account.'
	},
	'client-id': {
		what: 'The broker refused this browser’s client id',
		means: 'Its rules allow only certain client ids.',
		todo: 'Ask whoever runs the broker to allow ids that begin with fieldbench.'
	},
	unavailable: {
		what: 'The broker says it is busy or shutting down',
		means: 'It answered, but takes nobody now.',
		todo: 'Nothing: this tries again by itself.'
	},
	protocol: {
		what: 'The broker does not speak this version of MQTT',
		means: 'It answered and refused the version.',
		todo: 'Edit the profile and choose “Whichever works” or the other version.'
	},
	banned: {
		what: 'The broker has banned this client',
		means: 'It answered, and will not let it in.',
		todo: 'Ask whoever runs the broker.'
	},
	other: {
		what: 'The broker refused the connection',
		means: 'It answered with a code we have no words for.',
		todo: 'Look in the broker’s log for this moment. This tries again by itself.'
	}
} as const satisfies Record<Refusal, { what: string; means: string; todo: string }>;

const STORED = 'Nothing new arrives meanwhile. What is stored here stays readable.';

/** What happened, what it means and what to do, for every way in which a session does not stand. */
export function sessionProblemWords(problem: SessionProblem): Words {
	switch (problem.kind) {
		case 'bad-url':
			return { ...URL_FAULTS[problem.reason], means: 'No connection was tried.', details: problem.url };
		case 'mixed-content':
			return {
				what: 'The browser forbids this address from an https page',
				means: 'A page that came encrypted may not open an unencrypted ws:// connection to another host.',
				todo: 'Give the broker a certificate and use wss://, or open Fieldbench from the broker’s own network over http (npm start).',
				details: problem.url
			};
		case 'local-network-permission':
			return problem.state === 'prompt'
				? {
						what: 'The browser wants your permission to reach your local network',
						means: 'The broker is on your own network, and this page came from elsewhere.',
						todo: 'Press “Try again” and allow it when the browser asks.',
						details: problem.url
					}
				: {
						what: 'This page is not allowed to reach your local network',
						means: 'The browser’s permission for it was refused.',
						todo: 'Open the site settings beside the address, set “Local network access” to Allow, and try again.',
						details: problem.url
					};
		case 'offline':
			return {
				what: 'This machine has no network',
				means: STORED,
				todo: 'Nothing: it connects by itself as soon as there is a network.'
			};
		case 'unreachable':
			return {
				what: 'Nobody answers at this address',
				means: `The browser does not tell a page why. ${STORED}`,
				todo: 'Check that the broker runs, that this is its WebSocket port (often 9001, 8083 or 8884, not 1883), and that its certificate is one this browser trusts.',
				details: problem.url
			};
		case 'not-mqtt':
			return {
				what: 'Something answers there, but it is not an MQTT broker',
				means: 'The WebSocket opened and what came over it was not MQTT.',
				todo: 'Check the port and the path: many brokers want /mqtt at the end.',
				details: problem.url
			};
		case 'refused':
			return {
				...REFUSALS[problem.reason],
				details: `CONNACK code ${problem.code} (0x${problem.code.toString(16)})`
			};
		case 'taken-over':
			return {
				what: 'Another client took over this session',
				means:
					'The broker allows one client per id, and one with ours connected. This one stays away, or they would throw each other out for ever.',
				todo: 'Close the other one, then connect again.'
			};
		case 'keepalive-timeout':
			return {
				what: 'The broker fell silent',
				means: `The line looked open, but no answer came in time: a network that changed, or a sleeping machine. ${STORED}`,
				todo: 'Nothing: this tries again by itself.'
			};
		case 'closed-by-broker':
			return {
				what: 'The connection was closed from the other end',
				means: STORED,
				todo: 'Nothing: this tries again by itself. If it keeps happening, look in the broker’s log.',
				...(problem.code === undefined
					? {}
					: { details: `Reason code ${problem.code} (0x${problem.code.toString(16)})` })
			};
		case 'secret-locked':
			return {
				what: 'The password of this broker cannot be read',
				means:
					'It was stored encrypted, and the key is not there: this page is not in a secure context, or the browser’s data was cleared in part.',
				todo: 'Edit the profile and type the password again.'
			};
	}
}

/** The broker let the account in, and granted it less than was asked for. */
export const SUBSCRIPTION_REFUSED: Words = {
	what: 'This account may not read everything here',
	means:
		'The broker refused at least one subscription, so devices may be there that this page never hears of. What does arrive is stored as always.',
	todo: 'Give the account read access to iot/node/# in the broker’s ACL, then connect again.'
};
