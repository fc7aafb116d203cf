import { ecowattProfile } from './ecowatt';
import { nativeProfile } from './native';
import type { Profile } from './profile';
import { sensorProfile } from './sensor';

export * from './profile';
export { ecowattProfile } from './ecowatt';
export { nativeProfile } from './native';
export { sensorProfile } from './sensor';

/** Every convention the page understands, in the order they are asked. */
export const profiles = (): readonly Profile[] => [nativeProfile(), ecowattProfile(), sensorProfile()];
