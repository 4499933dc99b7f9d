/** A self-signed certificate for localhost, and its key. They protect nothing. */
export const localhostCertificate: { readonly key: string; readonly cert: string } = {
  key: [
    '-----BEGIN PRIVATE KEY-----',
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtOXaRNRR4aPCNvZt',
    'oybqGou72W/pkf6IATlOj+lg5+ChRANCAAQId8FP9pcO2VUbF7agUPw/DXjMVGRm',
    '/QHJpmidUxy3m9ejuQ5vNoaVMTnNyKx3RUXdb3CNm7VpQHRSADkTgxR9',
    '-----END PRIVATE KEY-----',
  ].join('\n'),
  cert: [
    '-----BEGIN CERTIFICATE-----',
    'MIIBmjCCAUGgAwIBAgIUQjrLfURWQ7P8BJKspvV1FL2kwMQwCgYIKoZIzj0EAwIw',
    'FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTAzNTg0N1oYDzIxMjYxMDI4',
    'MDM1ODQ3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO',
    'PQMBBwNCAAQId8FP9pcO2VUbF7agUPw/DXjMVGRm/QHJpmidUxy3m9ejuQ5vNoaV',
    'MTnNyKx3RUXdb3CNm7VpQHRSADkTgxR9o28wbTAdBgNVHQ4EFgQUXIwrA0ykae29',
    'n/m6ofhT+QpfgfcwHwYDVR0jBBgwFoAUXIwrA0ykae29n/m6ofhT+QpfgfcwDwYD',
    'VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI',
    'zj0EAwIDRwAwRAIgdTOjKjb0kw+vYHK/ryc4/nFmXId20sGA9BNvRsIdAPICID4Q',
    'PrveoICRdNXV5s0dk5Z+0IhORrrZRl7pUHbU8338',
    '-----END CERTIFICATE-----',
  ].join('\n'),
}
