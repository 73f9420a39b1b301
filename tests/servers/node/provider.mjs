// A real OpenID provider on a loopback port, in place of the electronic identity accounts. Its people are invented.
// Environment: ISSUER, JWKS (private keys as JSON), SITES (where each client is, JSON), PEOPLE (JSON), SECRET.
import { Provider } from 'oidc-provider';

const issuer = process.env.ISSUER;
const sites = JSON.parse(process.env.SITES);
const people = JSON.parse(process.env.PEOPLE);
const levels = [...new Set(Object.values(people).map((each) => each.acr))];

const provider = new Provider(issuer, {
  clients: Object.entries(sites).map(([client, site]) => ({
    client_id: client,
    client_secret: process.env.SECRET,
    redirect_uris: [`${site}/login/return`],
    post_logout_redirect_uris: [`${site}/`],
    backchannel_logout_uri: `${site}/login/backchannel`,
    backchannel_logout_session_required: true,
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'ES256',
  })),
  jwks: { keys: JSON.parse(process.env.JWKS) },
  cookies: { keys: [process.env.SECRET] },
  pkce: { required: () => true, methods: ['S256'] },
  claims: {
    openid: ['sub'], acr: null, auth_time: null, sid: null, iss: null,
    person: ['name', 'person_number', 'tax_code', 'account_type', 'preferred_username'],
  },
  scopes: ['openid', 'person'],
  acrValues: levels,
  conformIdTokenClaims: false,
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  interactions: { url: (ctx, interaction) => `/ask/${interaction.uid}` },
  ttl: { Session: 3600, Interaction: 600, Grant: 3600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
  async findAccount(ctx, id) {
    return people[id] && { accountId: id, claims: async () => ({ sub: id, ...people[id] }) };
  },
  async loadExistingGrant(ctx) {
    const { clientId } = ctx.oidc.client;
    const grant = new ctx.oidc.provider.Grant({ clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid person');
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  const asked = /^\/ask\/([^/]+)$/.exec(ctx.path);
  if (!asked) {
    await next();
    return;
  }
  if (ctx.method === 'GET') {
    const { params } = await provider.interactionDetails(ctx.req, ctx.res);
    const buttons = Object.entries(people)
      .filter(([, each]) => Boolean(each.preferred_username) === (params.client_id === 'staff'))
      .map(([id, each]) => `<p><button name="who" value="${id}">${each.name}${each.tax_code ? ` (${each.tax_code})` : ''}</button></p>`);
    ctx.type = 'html';
    ctx.body = '<!doctype html><html lang="vi"><meta name="viewport" content="width=device-width"><title>Tài khoản thử</title>'
      + `<h1>Tài khoản định danh để thử</h1><form method="post">${buttons.join('')}</form></html>`;
    return;
  }
  const chunks = [];
  for await (const chunk of ctx.req) chunks.push(chunk);
  const who = new URLSearchParams(Buffer.concat(chunks).toString()).get('who');
  const login = { accountId: who, acr: people[who].acr, amr: ['otp'] };
  ctx.status = 303;
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, { login }));
});

provider.listen(Number(new URL(issuer).port), '127.0.0.1', () => console.log('ready'));
