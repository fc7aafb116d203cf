import { trustedWorkerUrl } from '$lib/base';
import type { FromPeer, ToPeer } from './peer-messages';
import workerUrl from './peer.worker.ts?worker&url';

const { port: worker } = new SharedWorker(trustedWorkerUrl(workerUrl), { type: 'module' });
const place = document.querySelector('#value');
const waiting = new Map<FromPeer['type'], (message: FromPeer) => void>();
worker.onmessage = ({ data }: MessageEvent<FromPeer>) => {
	if (data.type === 'value' && place) place.textContent = data.value.toFixed(1);
	waiting.get(data.type)?.(data);
};

function ask(message: ToPeer, answer: FromPeer['type']): Promise<FromPeer> {
	worker.postMessage(message);
	return new Promise((resolve) => waiting.set(answer, resolve));
}

globalThis.peerBench = {
	async connect(brokerUrl) {
		await ask({ type: 'connect', brokerUrl }, 'live');
	},
	async counted() {
		const answer = await ask({ type: 'count' }, 'counted');
		return answer.type === 'counted' ? answer.count : 0;
	},
	show: () => worker.postMessage({ type: 'show' } satisfies ToPeer)
};
