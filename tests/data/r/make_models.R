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

# ---- overdispersion of proportions (Spiegelhalter 2005): base R, on data of package datasets and on two simulated registries
phi <- function(name, events, patients, target, q = 0.1) {
  z <- (events / patients - target) / sqrt(target * (1 - target) / patients)
  w <- pmin(pmax(z, quantile(z, q)), quantile(z, 1 - q)); found <- mean(w^2)
  data.frame(name = name, events = paste(events, collapse = " "), patients = paste(patients, collapse = " "),
             target = num(target), winsorized = q, phi = num(found),
             p_value = num(pchisq(length(z) * found, length(z), lower.tail = FALSE)))
}
admitted <- apply(UCBAdmissions, c(1, 3), sum)
set.seed(11); n <- rpois(40, 60) + 5; alike <- rbinom(40, n, 0.08); unlike <- rbinom(40, n, plogis(qlogis(0.08) + rnorm(40, 0, 0.7)))
write.csv(rbind(phi("UCBAdmissions", admitted[1, ], colSums(admitted), 0.388),
                phi("UCBAdmissions without limits", admitted[1, ], colSums(admitted), 0.388, 0),
                phi("esoph", esoph$ncases, esoph$ncases + esoph$ncontrols, 0.2),
                phi("alike", alike, n, 0.08), phi("unlike", unlike, n, 0.08)), file.path(out, "overdispersion.csv"),
          row.names = FALSE, quote = FALSE)

# ---- risk-adjusted CUSUM: false alarms and run length by a Markov chain of 3,000 states (Brook and Evans 1972), no simulation
chain <- function(name, p, R, h, patients, states = 3000) {
  w <- h / (states - 0.5); height <- (seq_len(states) - 1) * w; P <- matrix(0, states, states)
  for (x in p) for (y in 0:1) {
    to <- pmax(0, round((height + ifelse(y == 1, log(R), 0) - log(1 - x + R * x)) / w)) + 1
    inside <- which(to <= states); at <- cbind(inside, to[inside])
    P[at] <- P[at] + (if (y == 1) x else 1 - x) / length(p)
  }
  v <- c(1, rep(0, states - 1)); for (i in seq_len(patients)) v <- as.vector(v %*% P)
  data.frame(name = name, p = paste(p, collapse = " "), R = R, h = h, patients = patients, alarm = num(1 - sum(v)),
             run_length = num(solve(diag(states) - P, rep(1, states))[1]))
}
mix <- c(0.01, 0.015, 0.02, 0.02, 0.03, 0.04, 0.055, 0.08, 0.12, 0.25)
write.csv(do.call(rbind, lapply(list(list("mix", mix, 2, 1.5, 100), list("mix", mix, 2, 2.5, 200), list("mix", mix, 2, 3.5, 400),
          list("mix", mix, 0.5, 1.2, 100), list("high", c(0.1, 0.13, 0.21, 0.34), 2, 2, 100)), do.call, what = chain)),
          file.path(out, "cusum.csv"), row.names = FALSE, quote = FALSE)
