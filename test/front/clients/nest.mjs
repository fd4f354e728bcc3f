// Seed 002, Naveen Bommidi's todos, as wire.md 3.4 tells of it. Both tokens go
// into the refresh, by an axios without interceptors; the new pair serves for
// the one request that is sent again and is then forgotten, since the action
// that should save it does not exist. So each later request shows an ever older
// token. At a page load with a dead token the router guard asks for a refresh,
// whose refresh_token is left out by mistake.
import { createStore, readClaims } from '../browser.mjs';

const nobody = { token: '', refreshToken: '', tokenExp: '', userId: '',
    userName: '' };

function createUserStore(storage) {
    return createStore({
        state: { ...nobody },
        mutations: {
            save(state, { access_token: access, refresh_token: refresh }) {
                const claims = readClaims(access);

                storage.setItem('access_token', access);
                storage.setItem('refresh_token', refresh);
                Object.assign(state, { token: access, refreshToken: refresh,
                    tokenExp: claims.exp, userId: claims.sub,
                    userName: claims.username });
            },
            clear(state) {
                storage.removeItem('access_token');
                storage.removeItem('refresh_token');
                Object.assign(state, nobody);
            },
        },
    });
}

// What axios 0.21 keeps in `common`, 1.x has merged before interceptors run;
// whoever moves the article's client to 1.x must change that line.
function showToken(headers, token) {
    (headers.common ?? headers).Authorization = `bearer ${token}`;
}

function createIntercepted({ own, axios, store, root }) {
    own.interceptors.request.use((config) => {
        showToken(config.headers, store.state.token);
        return config;
    });
    own.interceptors.response.use((reply) => reply, async (error) => {
        if (error.response.status !== 401)
            throw error;
        const { data } = await axios.post(`${root}/auth/refreshtoken`, {
            access_token: store.state.token,
            refresh_token: store.state.refreshToken,
        });
        await store.dispatch('saveTokensToStorage', data);
        error.config.headers.Authorization = `bearer ${data.access_token}`;
        return axios(error.config);
    });
    return own;
}

function createGuard({ axios, store, storage, root, now }) {
    const isAlive = () => now() < store.state.tokenExp * 1000;

    return async () => {
        const access = storage.getItem('access_token');

        if (access)
            store.commit('save', { access_token: access,
                refresh_token: storage.getItem('refresh_token') });
        if (!store.state.token)
            return '/login';
        if (!isAlive()) {
            const { data } = await axios.post(`${root}/auth/refreshtoken`, {
                access_token: store.state.token,
                refresh_token: store.state.refresh_token, // never there
            });
            store.commit('save', data);
        }
        return '/dashboard';
    };
}

function create({ axios: shared, root, storage, router, now }) {
    const axios = shared.create(); // bare
    const store = createUserStore(storage);
    const api = createIntercepted({ own: shared.create({}), axios, store,
        root });
    const guard = createGuard({ axios, store, storage, root, now });

    return {
        async signIn(username, password) {
            const { data } = await axios.post(`${root}/auth/login`,
                { username, password });
            store.commit('save', data);
            router.push('/dashboard');
        },
        signOut() {
            store.commit('clear');
            router.push('/login');
        },
        // Rejects where the original leaves a rejection unhandled.
        load: async () => router.push(await guard()),
        open: async (path) => (await api.get(`${root}${path}`)).data,
        add: (title) => api.post(`${root}/todos`, { title }),
        isSignedIn: () => store.state.token !== '',
        access: () => store.state.token,
        user: () => store.state.userName,
    };
}

export const nest = {
    seed: 'seed 002',
    name: 'nest',
    prefix: '',
    refreshEnd: '/auth/refreshtoken',
    field: 'refresh_token',
    sends: 'first',
    shown: (token) => ({ Authorization: `bearer ${token}` }),
    out: 401,
    most: { page: 3, over: 2, out: 2, wrong: 1 },
    // "The user is not sent to the sign-in page."
    over: { status: 401, signedIn: true, at: '/dashboard' },
    away: { status: 503, signedIn: true },
    create,
};
