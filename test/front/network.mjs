// What lies between a page and stayd: it counts, cuts a loop off, and does what
// a browser does for a page of another origin (CORS, as the Fetch standard has
// it), since axios under Node does not.
import { createServer, request } from 'node:http';

import { freshAddress } from './server.mjs';

/** Where the pages of the articles come from (vue-cli's second port). */
export const pageOrigin = 'http://localhost:8081';

/** More requests than any row may make: what reaches it is a loop. */
const LOOP = 80;

const words = (text) => (text ?? '').toLowerCase().split(',')
    .map((word) => word.trim());

/** The headers that a page of another origin must ask leave for. */
function unsafeHeaders(headers) {
    const unsafe = ['authorization', 'x-access-token', 'x-requested-with']
        .filter((name) => headers[name] !== undefined);

    if ((headers['content-type'] ?? '').startsWith('application/json'))
        unsafe.push('content-type');
    return unsafe.sort();
}

/** Why a browser would keep this answer from the page; undefined: it would
    not. */
function originFault(reply) {
    const allowed = reply.headers['access-control-allow-origin'];

    if (allowed !== '*' && allowed !== pageOrigin)
        return `Access-Control-Allow-Origin is ${allowed}`;
    return undefined;
}

function preflightFault(reply, method, asked) {
    const methods = words(reply.headers['access-control-allow-methods']);
    const allowed = words(reply.headers['access-control-allow-headers']);
    const simple = ['GET', 'HEAD', 'POST'].includes(method);
    // "*" stands for every header but Authorization.
    const missing = asked.filter((name) => !allowed.includes(name) &&
        (name === 'authorization' || !allowed.includes('*')));

    if (reply.statusCode < 200 || reply.statusCode > 299)
        return `the preflight was answered ${reply.statusCode}`;
    if (!simple && !methods.includes(method.toLowerCase()) &&
        !methods.includes('*'))
        return `${method} is not allowed: ${methods}`;
    if (missing.length > 0)
        return `${missing} not allowed: ${allowed}`;
    return originFault(reply);
}

async function fake(answer, record, pass) {
    return typeof answer === 'function' ? answer(record, pass) :
        { statusCode: answer, headers: {}, body: '' };
}

class Network {
    constructor(server) {
        this.target = new URL(server.url);
        this.address = freshAddress();
        this.requests = []; // {method, path, status, json, text}, as they came
        this.faults = []; // what a browser would have refused
        // Path's end -> a status that stayd knows nothing of, or a function of
        // the record and of what asks stayd, which makes the answer.
        this.faked = new Map();
        this.leave = new Set(); // preflights that were answered well
        this.trusting = false; // a browser that asks for nobody's leave
    }

    /** From here on, none was counted. */
    forget() {
        this.requests = [];
    }

    count(end = '') {
        return this.requests.filter((one) => one.path.endsWith(end)).length;
    }

    ask(method, path, headers, body) {
        return new Promise((resolve, reject) => {
            const out = request({ host: this.target.hostname, agent: false,
                port: this.target.port, localAddress: this.address, method,
                path, headers }, (reply) => {
                const parts = [];
                reply.on('data', (part) => parts.push(part));
                reply.on('end', () => resolve({
                    headers: reply.headers, statusCode: reply.statusCode,
                    body: Buffer.concat(parts) }));
                reply.on('error', reject);
            });
            out.on('error', reject);
            out.end(body);
        });
    }

    /** Asks leave as a browser does; false: the page gets a network error. */
    async mayGo({ method, url, headers }) {
        const asked = unsafeHeaders(headers);
        const key = `${method} ${url} ${asked}`;

        if (asked.length === 0 && ['GET', 'HEAD', 'POST'].includes(method))
            return true;
        if (this.trusting || this.leave.has(key))
            return true;
        const reply = await this.ask('OPTIONS', url, { Origin: pageOrigin,
            'Access-Control-Request-Method': method,
            'Access-Control-Request-Headers': asked.join(',') });
        const fault = preflightFault(reply, method, asked);
        if (fault === undefined)
            this.leave.add(key);
        else
            this.faults.push(`${method} ${url}: ${fault}`);
        return fault === undefined;
    }

    async carry(incoming, body) {
        const { method, url } = incoming;
        const record = { method, path: url, status: 0 };
        const faked = [...this.faked].find(([end]) => url.endsWith(end));

        this.requests.push(record);
        try {
            record.json = JSON.parse(body);
        } catch {
            // Not every request has a body.
        }
        if (this.requests.length > LOOP) {
            this.faults.push(`a loop, cut off at ${LOOP} requests`);
            return undefined;
        }
        if (!await this.mayGo(incoming))
            return undefined;
        const headers = { ...incoming.headers, origin: pageOrigin,
            host: this.target.host, connection: 'close' };
        const pass = () => this.ask(method, url, headers, body);
        const reply = await (faked ? fake(faked[1], record, pass) : pass());
        const fault = faked ? undefined : originFault(reply);
        record.status = reply.statusCode;
        record.text = reply.body.toString();
        if (fault === undefined || this.trusting)
            return reply;
        this.faults.push(`${method} ${url}: ${reply.statusCode}: ${fault}`);
        return undefined;
    }

    async serve(incoming, outgoing) {
        const parts = [];

        for await (const part of incoming)
            parts.push(part);
        const reply = await this.carry(incoming, Buffer.concat(parts));
        if (reply === undefined) {
            incoming.socket.destroy();
            return;
        }
        outgoing.writeHead(reply.statusCode, { ...reply.headers,
            connection: 'close' });
        outgoing.end(reply.body);
    }
}

/** In front of `server`, on `url`; `close` it. */
export async function openNetwork(server) {
    const network = new Network(server);
    const listener = createServer((incoming, outgoing) => {
        network.serve(incoming, outgoing).catch((error) => {
            network.faults.push(String(error));
            incoming.socket.destroy();
        });
    });

    await new Promise((resolve) => {
        listener.listen(0, '127.0.0.1', resolve);
    });
    network.url = `http://127.0.0.1:${listener.address().port}`;
    network.close = () => {
        listener.close();
        listener.closeAllConnections();
    };
    return network;
}
