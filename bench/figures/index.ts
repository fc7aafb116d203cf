import type { Figure } from '../figure';
import { firmwareSize } from './firmware-size';

/** In the order they are measured and shown: the cheap ones first. */
export const figures: readonly Figure[] = [firmwareSize];
