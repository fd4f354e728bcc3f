// front.mjs NAME: the rows of one stock front end, against stayds of its own.
import { finish } from './rows.mjs';
import { knows, SOFT_S, startServer } from './server.mjs';
import { tellAll } from './stories.mjs';
import { pageOrigin } from './network.mjs';
import { express, spring } from './clients/express.mjs';
import { django } from './clients/django.mjs';
import { nest } from './clients/nest.mjs';
import { sofunction, sofunctionInstance, sofunctionTimer }
    from './clients/sofunction.mjs';
import { symfony } from './clients/symfony.mjs';
import { tellControl } from './stories_control.mjs';
import { tellSymfony } from './stories_symfony.mjs';
import { tellNest } from './stories_nest.mjs';
import { tellTimer } from './stories_timer.mjs';
import { tellTraps } from './stories_traps.mjs';

/** A session's whole life, where it is to end: a sign-in takes less. */
const REFRESH_MAX_S = 6;

const suites = {
    express: { clients: [express], more: tellControl },
    spring: { clients: [spring] },
    django: { clients: [django] },
    nest: { clients: [nest], more: tellNest },
    sofunction: { clients: [sofunction, sofunctionInstance, sofunctionTimer],
        more: tellTimer },
    symfony: { clients: [symfony], more: tellSymfony },
};

const name = process.argv[2];
const { clients, more } = suites[name];
const options = [...clients[0].options ?? [], '--origin', pageOrigin];
const started = [];

async function start(extra) {
    const own = extra.includes('--origin') ? [] : options;
    const server = await startServer([...own, ...extra]);
    started.push(server);
    return server;
}

for (const variable of Object.keys(process.env))
    if (/^(https?|all|no)_proxy$/i.test(variable))
        delete process.env[variable];

const servers = {
    // The short window makes every refresh move the session on.
    usual: await start(['--demo', '--refresh-soft', `${SOFT_S}s`]),
    calm: await start(['--demo']),
    brief: await start(['--access-ttl', `${REFRESH_MAX_S}s`, '--refresh-max',
        `${REFRESH_MAX_S}s`]),
    refreshMax: REFRESH_MAX_S,
};
const lacks = await knows([], 'user disable NAME') ? {} :
    { disable: 'this stayd has no `stayd user disable`' };

for (const client of clients) {
    tellAll(client, servers, lacks);
    tellTraps(client, servers.usual);
}
await more?.({ servers, start });
process.exitCode = await finish(`front/${name}`, () =>
    Promise.all(started.map((server) => server.stop())));
