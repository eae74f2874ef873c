const { withMercur } = require("@mercurjs/core")

const anywhere = "http://127.0.0.1"
// Both panels stay off. Left out altogether, Mercur 2.1.5 answers every GET with 500.
const panel = (name, path) => ({
  resolve: `@mercurjs/core/modules/${name}`,
  options: { disable: true, appDir: __dirname, path },
})

module.exports = withMercur({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    http: {
      host: "127.0.0.1",
      storeCors: anywhere,
      adminCors: anywhere,
      vendorCors: anywhere,
      authCors: anywhere,
      jwtSecret: "for-tests-only",
      cookieSecret: "for-tests-only",
      jwtExpiresIn: process.env.JWT_EXPIRES || "1d",
    },
  },
  featureFlags: { seller_registration: true },
  modules: [panel("admin-ui", "/dashboard"), panel("vendor-ui", "/seller")],
})
