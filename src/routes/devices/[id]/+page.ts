// Ids are made in the field, not at build time: the fallback page answers for all of them.
export const prerender = false;
