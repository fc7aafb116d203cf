/** What most pages do: an object store, and each message put into it as it comes. */
let database: IDBDatabase | undefined;
let timer: ReturnType<typeof setInterval> | undefined;
let put = 0;

globalThis.putsBench = {
	async open() {
		const request = indexedDB.open('puts', 1);
		request.onupgradeneeded = () => request.result.createObjectStore('samples', { autoIncrement: true });
		await new Promise((resolve, reject) => {
			request.onsuccess = resolve;
			request.onerror = reject;
		});
		database = request.result;
	},
	start(perSecond) {
		timer = setInterval(() => {
			const transaction = database?.transaction('samples', 'readwrite');
			if (!transaction) return;
			transaction.objectStore('samples').put(sample());
			transaction.oncomplete = () => put++;
		}, 1000 / perSecond);
	},
	stop() {
		clearInterval(timer);
		return put;
	}
};

const sample = () => ({
	device: `fb-${put % 4}`,
	timeMs: Date.now(),
	epoch: 2890137841,
	seq: put,
	temperature: 20 + Math.round(Math.random() * 100) / 100,
	humidity: 48 + Math.round(Math.random() * 100) / 100,
	pressure: 1013 + Math.round(Math.random() * 10) / 10,
	wifi_rssi: -60 - Math.round(Math.random() * 9),
	uptime: put
});
