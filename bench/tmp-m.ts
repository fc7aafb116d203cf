import { measureBytesPerPoint } from './store-writes';
console.log(await measureBytesPerPoint({ seconds: 40 }));
