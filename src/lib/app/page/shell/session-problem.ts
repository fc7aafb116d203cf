/** Fetched when something is first wrong with the session: by the door of its room it would travel with the first route. */
export { sessionProblemWords } from '$lib/link/view';
