import { err, ok, type Result } from '$lib/base';
import type { LabError } from './messages';

/**
 * Fetches and compiles the firmware. Streams where the server names the type `application/wasm`; some static hosts do not,
 * and then it is compiled from its bytes.
 */
export async function loadFirmware(
	url: string,
	fetchFile: typeof fetch = fetch
): Promise<Result<WebAssembly.Module, LabError>> {
	let response: Response;
	try {
		response = await fetchFile(url);
	} catch (cause) {
		return err({ kind: 'firmware-unreachable', cause: String(cause) });
	}
	if (!response.ok) return err({ kind: 'firmware-missing', status: response.status });
	const named = /^application\/wasm\b/iu.test(response.headers.get('content-type') ?? '');
	try {
		return ok(
			named
				? await WebAssembly.compileStreaming(response)
				: await WebAssembly.compile(await response.arrayBuffer())
		);
	} catch (cause) {
		if (cause instanceof WebAssembly.CompileError)
			return err({ kind: 'firmware-refused', fault: 'not-firmware' });
		return err({ kind: 'firmware-unreachable', cause: String(cause) });
	}
}
