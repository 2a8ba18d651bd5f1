# The contestants of benchmarks/survival.py in R: name and folder of the rows; prints one line of JSON.
arguments <- commandArgs(TRUE)
column <- function(name) {
  path <- file.path(arguments[2], name)
  readBin(path, "integer", file.size(path) / 4, size = 4, endian = "little")
}
days <- column("time"); event <- column("event"); group <- factor(column("group"))
suppressMessages(library(survival))

median_ms <- function(task) {
  task()
  spent <- c()
  while (length(spent) < 3 || (length(spent) < 15 && sum(spent) < 20))
    spent <- c(spent, system.time(task())[["elapsed"]])
  1000 * median(spent)
}

if (arguments[1] == "R prodlim") {
  suppressMessages(library(prodlim))
  rows <- data.frame(days, event, group)
  estimate <- function() prodlim(Hist(days, event) ~ group, data = rows)
  five_years <- function() predict(estimate(), times = 1826.25, newdata = data.frame(group = "0"))[[1]]
  release <- paste("prodlim", packageVersion("prodlim"))
} else {
  estimate <- function() survfit(Surv(days, event) ~ group, conf.type = "log-log")
  five_years <- function() summary(estimate()[1], times = 1826.25)$surv
  release <- paste("survival", packageVersion("survival"))
}
test <- function() survdiff(Surv(days, event) ~ group)$chisq  # prodlim has none of its own

cat(sprintf(
  '{"kaplan_meier_ms": %.17g, "logrank_ms": %.17g, "chi_square": %.17g, "survival_5_years": %.17g, "version": "R %s.%s, %s"}\n',
  median_ms(estimate), median_ms(test), test(), five_years(), R.version$major, R.version$minor, release))
