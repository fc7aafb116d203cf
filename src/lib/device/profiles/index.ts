import { nativeProfile } from './native';
import type { Profile } from './profile';

export * from './profile';
export { nativeProfile } from './native';

/** Every convention the page understands, in the order they are asked. */
export const profiles = (): readonly Profile[] => [nativeProfile()];
