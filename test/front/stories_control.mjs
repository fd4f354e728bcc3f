// That these tests would see it: servers that do what stayd must not, and the
// same stories end in a loop, or at the browser's own wall.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { express } from './clients/express.mjs';
import { axioses } from './packages.mjs';
import { assert, until } from './rows.mjs';
import { tell } from './stories.mjs';

const dialects = new URL('../../dialects/', import.meta.url);

/** The dialect, but a refused refresh is a 401: the trap of wire.md 0.5. */
function writeLooping(folder) {
    const dialect = JSON.parse(readFileSync(new URL('express.json', dialects)));
    const file = join(folder, 'looping.json');

    for (const reply of Object.values(dialect.messages.refresh.replies))
        if (reply.status === 403)
            reply.status = 401;
    writeFileSync(file, JSON.stringify(dialect));
    return file;
}

async function loops(visit) {
    await until('the session has lived its life', () =>
        Date.now() > visit.signedIn + (visit.refreshMax + 1) * 1000);
    await visit.app.open('/test/user').catch(() => {});
    const [fault] = visit.network.faults.splice(0);
    assert.match(fault ?? 'no loop', /^a loop, cut off/);
}

async function isForeign(visit) {
    await visit.app.open('/test/user').catch(() => {});
    const faults = visit.network.faults.splice(0);
    assert.match(faults.join(), /Access-Control-Allow-Origin/);
}

/** Signs in with a browser that asks nobody's leave. */
async function unasked(visit) {
    visit.network.trusting = true;
    await visit.signIn();
    visit.network.trusting = false;
}

export async function tellControl({ servers, start }) {
    const [axios] = Object.keys(axioses);
    const file = writeLooping(servers.usual.folder);
    const looping = await start(['--dialect', file, '--dialect', 'stay',
        '--access-ttl', '1s', '--refresh-max', `${servers.refreshMax}s`]);
    const closed = await start(['--origin', 'https://elsewhere.example']);
    const place = { client: express, axios, refreshMax: servers.refreshMax };

    tell({ ...place, mount: '', server: looping },
        'a 401 to the refresh would be seen to loop', loops);
    tell({ ...place, mount: '/d/express', server: closed },
        'a page of a foreign origin would be kept out', isForeign, unasked);
}
