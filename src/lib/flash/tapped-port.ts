import { receiveFault, type SerialPortLike, type SerialSignals } from '$lib/link';

export interface TappedPort {
	/** For the library. After `release` it has no streams and drives no signals, whatever still runs in it. */
	readonly port: SerialPortLike;
	/** A read or a write said that the device is gone. */
	readonly lost: boolean;
	/** Ends the read that is under way and frees both streams; the port itself stays open. */
	release(): Promise<void>;
}

/**
 * A port as the library sees it: what arrives is overheard, because the library throws away what it does not understand, and
 * that is what tells a running program from a dead line.
 */
export function tapped(device: SerialPortLike, hear: (bytes: Uint8Array) => void): TappedPort {
	const tap = { lost: false, released: false };
	let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
	const writing = new Set<Promise<void>>();

	const read = async (from: ReadableStreamDefaultReader<Uint8Array>) => {
		try {
			const chunk = await from.read();
			if (chunk.value) hear(chunk.value);
			return chunk;
		} catch (cause) {
			if (!tap.released && !receiveFault(cause)) tap.lost = true;
			throw cause;
		}
	};
	const write = async (to: WritableStreamDefaultWriter<Uint8Array>, bytes: Uint8Array) => {
		const written = to.write(bytes);
		const settled = written.catch(() => void (tap.lost = true));
		writing.add(settled);
		await written.finally(() => writing.delete(settled));
	};
	const port = {
		get readable() {
			const { readable } = device;
			if (tap.released) return null;
			return (
				readable && {
					get locked() {
						return readable.locked;
					},
					getReader() {
						const from = readable.getReader();
						reader = from;
						return {
							read: () => read(from),
							releaseLock: () => from.releaseLock(),
							cancel: () => from.cancel()
						};
					}
				}
			);
		},
		get writable() {
			const { writable } = device;
			if (tap.released) return null;
			return (
				writable && {
					get locked() {
						return writable.locked;
					},
					getWriter() {
						const to = writable.getWriter();
						return {
							write: (bytes: Uint8Array) => write(to, bytes).finally(() => to.releaseLock()),
							releaseLock: () => undefined // done already, and also where the write failed
						};
					}
				}
			);
		},
		open: () => Promise.resolve(),
		close: () => Promise.resolve(),
		setSignals: (signals: SerialSignals) =>
			tap.released
				? Promise.reject(new DOMException('the port was taken back', 'InvalidStateError'))
				: device.setSignals(signals),
		getInfo: () => device.getInfo()
	};
	return {
		// Only what the library touches is here; it is untyped on its side.
		port: port as unknown as SerialPortLike,
		get lost() {
			return tap.lost;
		},
		async release() {
			tap.released = true;
			reader?.releaseLock(); // the read under way rejects, and the stream stays as it is for who comes next
			await Promise.all(writing);
		}
	};
}
