/** Names what a rule applies to; without numbers, all that are USB serial ports. */
const ADAPTER = (vendorId: number | undefined): string =>
	vendorId === undefined
		? 'ENV{ID_BUS}=="usb"'
		: `ATTRS{idVendor}=="${vendorId.toString(16).padStart(4, '0')}"`;

/**
 * A command that writes a udev rule and applies it: who sits at the computer may open such ports (systemd's `uaccess`, which wants
 * the file's number below 73).
 */
export function udevRule({ vendorId }: { readonly vendorId?: number }): string {
	const rule = `SUBSYSTEM=="tty", ${ADAPTER(vendorId)}, TAG+="uaccess"`;
	return [
		`echo '${rule}' | sudo tee /etc/udev/rules.d/70-fieldbench-serial.rules`,
		'sudo udevadm control --reload && sudo udevadm trigger'
	].join('\n');
}

/** Where ports belong to a group, and a person may be outside of it. */
export const isLinux = (userAgent: string): boolean =>
	/linux/iu.test(userAgent) && !/android|cros/iu.test(userAgent);
