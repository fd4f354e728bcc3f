// That these tests would see it: each story once with something spoilt, and it
// fails there; and the loops that wire.md 0.5 measured, made again.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { express } from './clients/express.mjs';
import { axioses } from './packages.mjs';
import { assert, row, until } from './rows.mjs';
import { stories, tell } from './stories.mjs';

const dialects = new URL('../../dialects/', import.meta.url);
const [axios] = Object.keys(axioses);

const answer = (json) => ({ statusCode: 200, body: JSON.stringify(json),
    headers: { 'content-type': 'application/json' } });

/** As back ends do whose refresh tokens are good for one use. */
function refuseRepeats(visit) {
    const seen = new Set();

    visit.network.faked.set('/refreshtoken', (record, pass) => {
        const { refreshToken } = record.json;
        const known = seen.has(refreshToken);
        seen.add(refreshToken);
        return known ? { statusCode: 403, headers: {}, body: '' } : pass();
    });
}

/** What was kept and forwarded by something between. */
function doTwice(visit) {
    visit.network.faked.set('/todos', async ({ method }, pass) => {
        const reply = await pass();
        return method === 'POST' && reply.statusCode === 201 ? pass() : reply;
    });
}

function refreshAnyway(visit) {
    visit.network.faked.set('/refreshtoken', () => answer({
        accessToken: visit.app.access() }));
}

const fake = (end, what) => (visit) => {
    visit.network.faked.set(end, typeof what === 'number' ? what :
        () => answer(what));
};

// Story -> what is wrong, how it is made so, and where the story fails.
const controls = {
    lives: { wrong: 'a refresh token is good once', spoil: refuseRepeats,
        fails: /status code 403/ },
    tenAtOnce: { wrong: 'a refresh token is good once', spoil: refuseRepeats,
        fails: /status code 403/ },
    postedOnce: { wrong: 'a POST is done twice', spoil: doTwice,
        fails: /deep-equal/ },
    reloaded: { wrong: 'the storage is gone',
        spoil: ({ storage }) => storage.clear(), fails: /false !== true/ },
    signedOut: { wrong: 'the storage keeps what it should forget',
        spoil: ({ storage }) => { storage.removeItem = () => {}; },
        fails: /true !== false/ },
    refused: { wrong: 'a wrong password is taken',
        spoil: fake('/signin', { accessToken: 'a', refreshToken: 'b' }),
        fails: /true !== false/ },
    wrongRole: { wrong: 'it is shown', spoil: fake('/mod', 'Moderators.'),
        fails: /it was shown/ },
    refreshEnds: { wrong: 'it never expires', server: 'usual', spoil: () => {},
        fails: /User Content/ },
    tenEnd: { wrong: 'the refresh is refused with 401',
        spoil: fake('/refreshtoken', 401), fails: /requests, at most 20/ },
    busy: { wrong: 'it is refused, not answered later',
        spoil: fake('refreshtoken', 403), fails: /403 !== 503/ },
    disabled: { wrong: 'it may go on refreshing', spoil: refreshAnyway,
        fails: /401 !== 403/ },
};

function tellFailing(story, { wrong, spoil, server, fails }, servers) {
    const usual = story.on ?? 'usual';
    const place = { client: express, axios, mount: '/d/express',
        server: servers[server ?? usual], refreshMax: servers.refreshMax };

    tell(place, `"${story.says}" fails when ${wrong}`, async (visit) => {
        spoil(visit);
        await assert.rejects(story.run(visit), { message: fails });
        visit.network.faults = [];
    });
}

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
    const file = writeLooping(servers.usual.folder);
    const looping = await start(['--dialect', file, '--dialect', 'stay',
        '--access-ttl', `${servers.refreshMax}s`,
        '--refresh-max', `${servers.refreshMax}s`]);
    const closed = await start(['--origin', 'https://elsewhere.example']);
    const place = { client: express, axios, refreshMax: servers.refreshMax };

    row('each story has been seen to fail', () => {
        assert.deepEqual(stories.map(({ run }) => run.name).sort(),
            Object.keys(controls).sort());
    });
    for (const story of stories)
        tellFailing(story, controls[story.run.name], servers);
    tell({ ...place, mount: '', server: looping },
        'a 401 to the refresh would be seen to loop', loops);
    tell({ ...place, mount: '/d/express', server: closed },
        'a page of a foreign origin would be kept out', isForeign, unasked);
}
