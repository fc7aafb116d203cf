import { floodBytes } from './console-flood';

/** Makes the flood beside the page, always one piece ahead. */
let next = floodBytes(0);
let chunk = 1;
onmessage = () => {
	postMessage(next, [next.buffer]);
	next = floodBytes(chunk++);
};
