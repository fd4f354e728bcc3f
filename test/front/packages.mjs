// The packages of package.json, from the folder where tools/node-packages put
// them: the source tree holds none.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Absolute; has node_modules in it. */
export const folder = process.env.STAY_FRONT;
const from = createRequire(join(folder, 'from.js'));

export const axioses = {
    '0.21.1': from('axios-old'),
    '1.21.1': from('axios-new'),
};

export const load = (name) => from(name);
export const loadModule = (name) => import(pathToFileURL(from.resolve(name)));
