/// <reference lib="webworker" />
import { compressIn } from '$lib/flash';

declare const self: DedicatedWorkerGlobalScope;

compressIn(self);
