/** The kinds of link between the page and a device. */
export type LinkKind = 'mqtt' | 'loopback' | 'serial' | 'ble' | 'http';

/** A device as its last status says it: `sleeping` is not `offline`. */
export type Presence = 'online' | 'offline' | 'sleeping' | 'unknown';

/** Why a session with a broker is not up. Words are made in a view, exhaustively. */
export type SessionProblem =
	| { kind: 'bad-url'; url: string; reason: 'unparsable' | 'scheme' | 'credentials-in-url' }
	| { kind: 'mixed-content'; url: string }
	| { kind: 'local-network-permission'; url: string; state: 'prompt' | 'denied' }
	| { kind: 'offline' }
	| { kind: 'unreachable'; url: string }
	| { kind: 'not-mqtt'; url: string }
	| {
			kind: 'refused';
			code: number;
			reason:
				'credentials' | 'not-authorised' | 'client-id' | 'unavailable' | 'protocol' | 'banned' | 'other';
	  }
	| { kind: 'taken-over' }
	| { kind: 'keepalive-timeout' }
	| { kind: 'closed-by-broker'; code: number | undefined }
	| { kind: 'secret-locked' };

/** The session's state, as the shell shows it: `id` is the broker's profile, `broker` its name, which others may share. */
export type SessionState =
	| { kind: 'none' }
	| { kind: 'connecting'; id: string; broker: string; attempt: number }
	| {
			kind: 'live';
			id: string;
			broker: string;
			protocolVersion: 4 | 5;
			sinceMs: number;
			/** The broker did not grant every subscription: devices may be there that this account is not let hear. */
			subscriptionRefused?: true;
	  }
	| {
			kind: 'waiting';
			id: string;
			broker: string;
			problem: SessionProblem;
			retryAtMs: number;
			attempt: number;
	  }
	| { kind: 'failed'; id: string; broker: string; problem: SessionProblem };
