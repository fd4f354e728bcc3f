// Seed 004, as wire.md 5 (end) tells of it. A refresh on every 401, without a
// mark on the request; the end when the 401 was the refresh's own. Its test for
// a disabled account looks where axios puts nothing, and what fails after a
// refresh comes to the caller as undefined. TokenStorage keeps both tokens.
function createTokens(axios, storage) {
    const tokens = {
        keep({ token, refresh_token: refresh }) {
            storage.setItem('token', token);
            storage.setItem('refresh_token', refresh);
        },
        clear() {
            storage.removeItem('token');
            storage.removeItem('refresh_token');
        },
        access: () => storage.getItem('token'),
        async renew() {
            const { data } = await axios.post('/api/token/refresh',
                { refresh_token: storage.getItem('refresh_token') });
            tokens.keep(data);
            return data.token;
        },
    };
    return tokens;
}

function intercept(axios, tokens, router) {
    axios.interceptors.response.use((reply) => reply, (error) => {
        const { config, response } = error;

        if (response.status !== 401)
            return Promise.reject(error);
        if (config.url === '/api/token/refresh' ||
            response.message === 'Account is disabled.') {
            tokens.clear();
            router.push('root');
            return Promise.reject(error);
        }
        return tokens.renew().then((token) => {
            config.headers.Authorization = `Bearer ${token}`;
            return axios.request(config);
        }).catch(() => undefined);
    });
}

function create({ axios, root, storage, router }) {
    const own = axios.create({ baseURL: root });
    const tokens = createTokens(own, storage);
    const shown = () => ({ headers:
        { Authorization: `Bearer ${tokens.access()}` } });

    intercept(own, tokens, router);
    return {
        async signIn(username, password) {
            const reply = await own.post('/api/login_check',
                { username, password });
            if (reply === undefined)
                throw new Error('not signed in');
            tokens.keep(reply.data);
            router.push('home');
        },
        signOut() {
            tokens.clear();
            router.push('root');
        },
        open: async (path) => (await own.get(`/api${path}`, shown()))?.data,
        add: (title) => own.post('/api/todos', { title }, shown()),
        isSignedIn: () => tokens.access() !== null,
        access: () => tokens.access(),
    };
}

export const symfony = {
    seed: 'seed 004',
    name: 'symfony',
    prefix: '/api',
    refreshEnd: '/token/refresh',
    field: 'refresh_token',
    sends: 'latest',
    shown: (token) => ({ Authorization: `Bearer ${token}` }),
    out: undefined,
    // A request without a token is the first dialect's that has the path.
    outAtOwn: 403,
    most: { page: 3, over: 2, out: 2, wrong: 2 },
    over: { status: undefined, signedIn: false, at: 'root' },
    away: { status: undefined, signedIn: true },
    create,
};
