import type { ServiceClient } from '$lib/base';
import type { FieldService, LocalNetworkState } from '../field/messages';

/** The part of the field worker's client that screens use; tests stand something else behind it. */
export interface FieldPort extends Pick<ServiceClient<FieldService>, 'call' | 'watch'> {
	/** Makes the browser ask for its local-network permission where it has one. Call it from a click. */
	askLocalNetwork(brokerUrl: string): Promise<LocalNetworkState>;
}
