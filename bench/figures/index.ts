import type { Figure } from '../figure';
import { firmwareSize } from './firmware-size';
import { messagesPerSecond } from './messages-per-second';

/** In the order they are measured and shown: the cheap ones first. */
export const figures: readonly Figure[] = [firmwareSize, messagesPerSecond];
