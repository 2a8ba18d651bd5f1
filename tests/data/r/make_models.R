# References for comparisons of restricted means and for Cox regression. Run: Rscript tests/data/r/make_models.R
suppressMessages({library(survival); library(jsonlite)})
out <- "tests/data/r/models"; dir.create(out, showWarnings = FALSE)
rows <- function(name) read.csv(Sys.glob(file.path("tests/data/r/*", paste0(name, ".input.csv"))))
num <- function(x) ifelse(is.finite(x), sprintf("%.17g", x), "NA")

# ---- restricted means: variances add, limits and p-value are normal
mean_difference <- function(name, by, tau, level = 0.95) {
  d <- rows(name); d <- d[!is.na(d[[by]]), ]
  means <- summary(survfit(Surv(d$time, d$status) ~ d[[by]]), rmean = tau)$table
  value <- diff(means[, "rmean"]); se <- sqrt(sum(means[, "se(rmean)"]^2))
  limits <- value + c(-1, 1) * qnorm((1 + level) / 2) * se
  data.frame(dataset = name, by = by, tau = num(tau), level = level, value = num(value), std_err = num(se),
             lower = num(limits[1]), upper = num(limits[2]), p_value = num(2 * pnorm(-abs(value / se))))
}
asked <- list(list("veteran", "trt", 90), list("veteran", "trt", 365.25), list("veteran", "trt", 553),
              list("ovarian", "rx", 365.25), list("ovarian", "resid", 1095.75), list("lung", "sex", 365.25),
              list("lung", "sex", 965, 0.99), list("bmt_cr", "z10", 1826.25), list("colon", "obstruct", 1826.25),
              list("registry_sim", "arm", 1826.25))
# ---- public data with more factors: deaths of the trial of levamisole and fluorouracil (package survival)
x <- colon[colon$etype == 2, ]
x <- data.frame(time = x$time, status = x$status, rx = as.character(x$rx), sex = x$sex, obstruct = x$obstruct,
                adhere = x$adhere, extent = x$extent, node4 = x$node4, differ = x$differ)

write.csv(x, file.path(out, "colon.input.csv"), row.names = FALSE, quote = FALSE, na = "")
write.csv(do.call(rbind, lapply(asked, do.call, what = mean_difference)), file.path(out, "mean_difference.csv"),
          row.names = FALSE, quote = FALSE)

# ---- Cox regression: factors are compared with their first level; strata have baselines of their own
cox <- function(name, factors, by = NULL, event = "status") {
  d <- rows(name); used <- c("time", event, factors, by); d <- d[complete.cases(d[, used, drop = FALSE]), ]
  for (f in factors) d[[f]] <- factor(d[[f]])
  model <- paste("Surv(time,", event, ") ~", paste(factors, collapse = " + "),
                 if (is.null(by)) "" else paste0("+ strata(", by, ")"))
  fit <- coxph(as.formula(model), data = d, ties = "efron", eps = 1e-13, iter.max = 100, toler.chol = 1e-14)
  zs <- summary(fit)$coefficients
  list(dataset = name, factors = I(factors), strata = by, n = fit$n, events = fit$nevent,
       names = I(names(coef(fit))), coef = num(coef(fit)), std_err = num(sqrt(diag(vcov(fit)))),
       lower = num(confint(fit)[, 1]), upper = num(confint(fit)[, 2]), p_value = num(zs[, "Pr(>|z|)"]),
       loglik = num(fit$loglik), wald = num(as.numeric(fit$wald.test)))
}
models <- list(cox("lung", "sex"), cox("lung", c("sex", "ecog")), cox("lung", "sex", "ecog"), cox("veteran", c("trt", "celltype")),
               cox("veteran", "trt", "celltype"), cox("ovarian", c("rx", "resid")), cox("bmt_cr", c("group", "z10")),
               cox("bmt_cr", "group", "z10"), cox("colon", c("rx", "sex", "obstruct", "adhere", "extent", "node4")),
               cox("colon", c("rx", "sex", "obstruct", "adhere", "node4"), "extent"), cox("colon", c("rx", "differ", "node4")),
               cox("registry_sim", "arm"), cox("registry_sim", "arm", "center"))
write(toJSON(models, auto_unbox = TRUE, null = "null", pretty = 1), file.path(out, "cox.json"))
writeLines(c(R.version.string, paste("survival", packageVersion("survival"))), file.path(out, "R_VERSIONS.txt"))
