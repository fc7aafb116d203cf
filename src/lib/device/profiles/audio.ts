import { err, ok, type Result } from '$lib/base';

/** How loud one window is. */
export interface Loudness {
	/** Root mean square, as a fraction of full scale: 0 … 1. */
	readonly rms: number;
	/** 20·log₁₀(rms), dBFS: 0 is a full square wave, −3.01 a full sine. Never below {@link SILENCE_DBFS}. */
	readonly levelDbfs: number;
}

export interface AudioFormat {
	readonly rateHz: number;
	readonly channels: number;
}

/** The range of 16 bits, 20·log₁₀(2⁻¹⁶): what is quieter, and silence itself, is this. */
export const SILENCE_DBFS = -96.33;
/** A message holds exactly one window. */
export const WINDOW_S = 2;
/** 48 kHz in stereo for the window, in base64 and with its JSON around it. */
export const MAX_AUDIO_BYTES = 576 * 1024;
const RATES_HZ = { least: 8000, most: 48_000 };
const FULL_SCALE = 32_768;
const PCM = 1;

export type AudioError = 'bad-audio' | 'bad-audio-length';

/** The bytes of base64 text, also where a data URL's head stands before it. */
export function audioBytes(text: string): Uint8Array | undefined {
	const bare = text.trim().replace(/^data:audio\/[\w.+-]{1,40};base64,/u, '');
	if (bare.length % 4 !== 0 || bare === '') return undefined;
	try {
		const chars = atob(bare);
		const bytes = new Uint8Array(chars.length);
		for (let i = 0; i < chars.length; i++) bytes[i] = chars.charCodeAt(i);
		return bytes;
	} catch {
		return undefined; // not base64: the caller says so
	}
}

/**
 * The loudness of one window of 2 s: 16-bit samples, little endian, channels in turn, bare or in a WAV file, which then says its
 * format itself. Over all samples of the window and all channels, with equal weight and without a filter.
 * @param said the format of bare samples
 */
export function loudnessOf(bytes: Uint8Array, said: AudioFormat): Result<Loudness, AudioError> {
	const wav = isWav(bytes) ? readWav(bytes) : undefined;
	if (wav === null) return err('bad-audio');
	const { rateHz, channels } = wav?.format ?? said;
	if (!Number.isInteger(rateHz) || rateHz < RATES_HZ.least || rateHz > RATES_HZ.most) return err('bad-audio');
	if (channels !== 1 && channels !== 2) return err('bad-audio');
	const pcm = wav?.pcm ?? bytes;
	const count = WINDOW_S * rateHz * channels;
	if (pcm.length !== 2 * count) return err('bad-audio-length');
	const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
	let squares = 0; // at most 192,000 × 2³⁰: exact in a double
	for (let i = 0; i < count; i++) {
		const sample = view.getInt16(2 * i, true);
		squares += sample * sample;
	}
	const rms = Math.sqrt(squares / count) / FULL_SCALE;
	return ok({ rms, levelDbfs: Math.max(SILENCE_DBFS, 20 * Math.log10(rms)) });
}

const tagAt = (bytes: Uint8Array, at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));

const isWav = (bytes: Uint8Array) => tagAt(bytes, 0) === 'RIFF' && tagAt(bytes, 8) === 'WAVE';

/** Chunks of a RIFF WAVE file, until its samples. Null where it is none that we read: PCM of 16 bits. */
function readWav(bytes: Uint8Array): { format: AudioFormat; pcm: Uint8Array } | null {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	let format: AudioFormat | undefined;
	for (let at = 12; at + 8 <= bytes.length;) {
		const [tag, length, from] = [tagAt(bytes, at), view.getUint32(at + 4, true), at + 8];
		if (tag === 'data') return format ? { format, pcm: bytes.subarray(from, from + length) } : null;
		if (tag === 'fmt ' && length >= 16 && from + 16 <= bytes.length) {
			if (view.getUint16(from, true) !== PCM || view.getUint16(from + 14, true) !== 16) return null;
			format = { channels: view.getUint16(from + 2, true), rateHz: view.getUint32(from + 4, true) };
		}
		at = from + length + (length % 2);
	}
	return null;
}
