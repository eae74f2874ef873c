const { defineConfig } = require("@medusajs/framework/utils")

const anywhere = "http://127.0.0.1"

module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    http: {
      host: "127.0.0.1",
      storeCors: anywhere,
      adminCors: anywhere,
      authCors: anywhere,
      jwtSecret: "for-tests-only",
      cookieSecret: "for-tests-only",
      jwtExpiresIn: process.env.JWT_EXPIRES || "1d",
    },
  },
})
