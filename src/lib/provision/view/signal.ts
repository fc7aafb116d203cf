/**
 * Bars of four, at the steps that phones use. @param rssiDbm received power, usually −30 … −95
 */
export function signalBars(rssiDbm: number): 1 | 2 | 3 | 4 {
	if (rssiDbm >= -55) return 4;
	if (rssiDbm >= -67) return 3;
	if (rssiDbm >= -78) return 2;
	return 1;
}

const WORDS = { 4: 'Strong', 3: 'Good', 2: 'Fair', 1: 'Weak' } as const;

export const signalWord = (rssiDbm: number): string => WORDS[signalBars(rssiDbm)];
