/** Whose names of months are read: the languages of most tables people have. */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'nl', 'pt'];

/** A name as it is looked up: "févr." and "Feb" without accents, dots and case. */
const plain = (name: string): string =>
	name
		.normalize('NFD')
		.replaceAll(/\p{M}|\./gu, '')
		.toLowerCase();

/** Months by name, 1 … 12; no name of one language is another month of another. */
const MONTHS: ReadonlyMap<string, number> = new Map(
	LANGUAGES.flatMap((language) =>
		(['short', 'long'] as const).flatMap((month) => {
			const format = new Intl.DateTimeFormat(language, { day: 'numeric', month, timeZone: 'UTC' });
			return Array.from({ length: 12 }, (_, i): [string, number] => {
				const parts = format.formatToParts(Date.UTC(2026, i, 1));
				return [plain(parts.find(({ type }) => type === 'month')?.value ?? ''), i + 1];
			});
		})
	)
).set('sept', 9);

const WEEKDAY = String.raw`(?:\p{L}{2,12}\.?,?\s+)?`;
const MONTH = String.raw`(?<month>\p{L}{3,12})\.?`;
const DAY = String.raw`(?<day>\d{1,2})(?:\.|st|nd|rd|th)?`;
const YEAR = String.raw`(?<year>\d{4})`;
const BETWEEN = String.raw`(?:,?\s+(?:de\s+)?|[-/.])`;
const OF_DAY = String.raw`(?:(?:,?\s+(?:at\s+|um\s+)?|T)(?<rest>\d.*))?`;
/** 21 Nov 2026, 21-Nov-2026, Sat, 21 Nov 2026 (RFC 9110 §5.6.7); Nov 21, 2026, Sat Nov 21 2026; 2026-Nov-21. */
const ORDERS = [
	[DAY, MONTH, YEAR],
	[MONTH, DAY, YEAR],
	[YEAR, MONTH, DAY]
].map((order) => new RegExp(`^${WEEKDAY}${order.join(BETWEEN)}${OF_DAY}$`, 'iu'));

/** A date with its month by name: its day as ISO 8601, and what follows it. Undefined where it is none. */
export function namedDate(
	text: string
): { readonly date: string; readonly rest: string | undefined } | undefined {
	for (const order of ORDERS) {
		const { day = '', month = '', year = '', rest } = order.exec(text)?.groups ?? {};
		const number = MONTHS.get(plain(month));
		if (number === undefined) continue;
		return { date: `${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}`, rest };
	}
	return undefined;
}
