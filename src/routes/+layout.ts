// Every page is a static shell; the data is in the browser.
export const prerender = true;
export const ssr = false;
