import { startVirtualNode, type VirtualNode } from '../virtual-node';
import { firmwareBytes } from './build';

/** The simulated nodes that make a first look worth one: our firmware, each with its own world. */
export async function startNodes(
	count: number,
	brokerUrl: string,
	signal: AbortSignal
): Promise<readonly VirtualNode[]> {
	if (count === 0) return [];
	const wasm = await WebAssembly.compile(await firmwareBytes());
	return Promise.all(
		Array.from({ length: count }, (_, at) =>
			startVirtualNode({ brokerUrl, id: `sim-bench-${at + 1}`, name: `Bench ${at + 1}`, wasm, signal })
		)
	);
}
