import { toBase64 } from '$lib/base';
import { stateText } from '../quarantine';
import type { SetAside } from '../store';

/**
 * What is set aside, for a bug report: NDJSON, one damaged record, block or state row a line, with its header as it was found and its bytes as
 * base64. Drawn in docs/telemetry-format.md, "Quarantine".
 */
export const asideText = (rows: readonly SetAside[]): string =>
	rows
		.map((row) => {
			if (row.kind === 'state') return `{"kind":"state","found":${stateText(row.found)}}\n`;
			const { of, bytes } = row;
			const told =
				row.kind === 'record'
					? { kind: row.kind, number: row.number }
					: {
							...{ kind: row.kind, series: row.series, block: row.block },
							...{ device: of?.device, provenance: of?.provenance },
							...{ noticed: new Date(row.noticedMs).toISOString(), head: row.head }
						};
			return `${JSON.stringify({ ...told, bytes: bytes && toBase64(bytes) })}\n`;
		})
		.join('');
